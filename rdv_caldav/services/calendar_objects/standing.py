"""What stands at a place in a calendar, locked, and the conditions a writer puts on it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from rdv_caldav.db.appointments import Stored
from rdv_caldav.db.member_reading import ObjectRow
from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.errors import PreconditionFailed, UnknownObject
from rdv_caldav.ical.vocabulary import Vocabulary
from rdv_caldav.services import access, calendars
from rdv_caldav.services.calendars import CalendarObject, Seen
from rdv_caldav.services.recording import Recorder


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """If-Match and If-None-Match (RFC 9110 §13.1) as sets of entity tags, ``*`` for any.

    ``schedule_tag`` is that of If-Schedule-Tag-Match (RFC 6638 §8.3).
    """

    if_match: frozenset[str] | None = None
    if_none_match: frozenset[str] | None = None
    schedule_tag: str | None = None

    def check(self, etag: str | None, schedule_tag: str | None = None) -> None:
        """Hold the conditions for the current ETag and Schedule-Tag, None where there is none.

        Raises PreconditionFailed.
        """
        tags = {"*", etag}
        if self.if_match is not None and (etag is None or not self.if_match & tags):
            raise PreconditionFailed("If-Match does not hold: it was changed meanwhile")
        if self.if_none_match is not None and etag is not None and self.if_none_match & tags:
            raise PreconditionFailed("If-None-Match does not hold: something stands there")
        if self.schedule_tag is not None and self.schedule_tag != schedule_tag:
            raise PreconditionFailed("If-Schedule-Tag-Match does not hold: it was changed")


UNCONDITIONAL = Condition()


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """An appointment at a place in a calendar, its row locked by this transaction.

    ``outside`` is how it stands there, ``private`` what the account keeps with it, None where it
    never kept anything.
    """

    stored: Stored
    current: CalendarObject
    outside: ObjectRow
    private: Mapping[str, str] | None

    @property
    def owner_id(self) -> int | None:
        """The person who owns it."""
        return self.stored.appointment.owner.person_id


def lock_at(tx: Transaction, seen: Seen, href: str) -> Standing | None:
    """Lock what stands at an href; only once it is locked is its ETag worth comparing.

    Raises LostRace when something else came to stand there while the lock was waited for.
    """
    placed = tx.appointments.lock_at(seen.person.id, href, account_id=seen.actor.account.id)
    if placed is None:
        return None
    current = calendars.as_seen(seen, placed.outside)
    return Standing(
        stored=placed.stored, current=current, outside=placed.outside, private=placed.private
    )


def require_at(tx: Transaction, seen: Seen, href: str, condition: Condition) -> Standing:
    """Lock what stands at an href and hold the conditions.

    Raises UnknownObject, PreconditionFailed.
    """
    standing = lock_at(tx, seen, href)
    if standing is None:
        raise UnknownObject(f"nothing stands at {href!r}")
    hold(condition, seen, standing)
    return standing


def hold(condition: Condition, seen: Seen, standing: Standing) -> None:
    """Hold the conditions for what stands there. Raises PreconditionFailed.

    For who may only answer, others' answers are no conflict: he would write over nothing.
    """
    current = standing.current
    if condition.if_match and not edits(seen, standing):
        known = any(map(current.differs_in_answers_only, condition.if_match))
        condition = replace(condition, if_match=None if known else condition.if_match)
    condition.check(current.etag, current.schedule_tag)


def edits(seen: Seen, standing: Standing) -> bool:
    """Tell whether the reader of this calendar may edit what stands in it."""
    owner_id = standing.owner_id
    return owner_id is not None and access.may_edit_in_calendar(seen.actor, owner_id, seen.settings)


def recorder(tx: Transaction, seen: Seen, now: datetime) -> Recorder:
    """Return the recorder of what the calendar's reader does at ``now``."""
    return Recorder(tx=tx, actor=seen.actor, settings=seen.settings, now=now)


def vocabulary(tx: Transaction, seen: Seen, person_ids: Iterable[int]) -> Vocabulary:
    """Return the words to write an appointment of these persons with."""
    return Vocabulary(
        settings=seen.settings,
        types=tx.agency.types(),
        directory=tx.people.directory(seen.settings, person_ids=person_ids),
    )
