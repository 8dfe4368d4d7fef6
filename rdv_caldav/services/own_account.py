"""What somebody decides about his own account: language, password, sessions, calendars followed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rdv_caldav.db.calendar_reading import CalendarSnapshot
from rdv_caldav.db.uow import Transaction
from rdv_caldav.db.web_sessions import WebSession
from rdv_caldav.domain.agency import Person
from rdv_caldav.domain.errors import UnknownCalendar, UnknownObject, WrongPassword
from rdv_caldav.domain.fiches import FicheFilter
from rdv_caldav.services import access, people, web_sessions
from rdv_caldav.services.access import Actor
from rdv_caldav.services.accounts import set_password, verify
from rdv_caldav.services.audit import record_change

_MOST_OFFERED = 20


def choose_language(tx: Transaction, actor: Actor, language: str, *, now: datetime) -> None:
    """Remember the language in which the account is spoken to; empty for the browser's."""
    tx.accounts.set_language(actor.account.id, language)
    record_change(tx, actor, "LanguageChosen", {"language": language}, now=now)


def change_password(
    tx: Transaction,
    actor: Actor,
    *,
    present: str,
    new: str,
    session: WebSession,
    now: datetime,
) -> None:
    """Replace the account's password and end all its sessions but this one.

    Raises WrongPassword, WeakPassword.
    """
    if verify(tx, actor.account.login, present) is None:
        raise WrongPassword("the present password is another one")
    set_password(tx, actor.account, new)
    web_sessions.end_others(tx, actor.account, session)
    record_change(tx, actor, "PasswordChanged", {}, now=now)


def end_session(tx: Transaction, actor: Actor, name: str, *, now: datetime) -> None:
    """End the account's session of this name (its token's hash). Raises UnknownObject."""
    for session in web_sessions.sessions(tx, actor.account):
        if session.token_hash == name:
            web_sessions.end(tx, session)
            record_change(tx, actor, "SessionEnded", {"browser": session.browser}, now=now)
            return
    raise UnknownObject("no such session of this account")


# -- calendars that are followed ----------------------------------------------------------


def followed(tx: Transaction, actor: Actor) -> Sequence[CalendarSnapshot]:
    """Return the calendars that programs list for the account beside its own, in its order."""
    return [
        snapshot
        for snapshot in tx.reading.home(actor.account)
        if snapshot.person.id != actor.person_id and access.may_see_calendar(actor, snapshot.person)
    ]


def may_be_followed(tx: Transaction, actor: Actor, words: str) -> Sequence[Person]:
    """Return some persons whose calendars the actor could follow, found by what he typed."""
    known = {actor.person_id, *(each.person.id for each in followed(tx, actor))}
    found = people.page(tx, actor, FicheFilter(text=words), size=_MOST_OFFERED + len(known))
    persons = [line.person for line in found.lines if line.person.id not in known]
    return persons[:_MOST_OFFERED]


def follow(tx: Transaction, actor: Actor, slug: str, *, now: datetime) -> None:
    """List a person's calendar after the others. Raises UnknownCalendar for none he may see."""
    person = tx.people.by_slug(slug.replace("\0", ""))
    if person is None or not person.active or not access.may_see_calendar(actor, person):
        raise UnknownCalendar(f"no calendar {slug!r}")
    standing = [each.person.id for each in followed(tx, actor)]
    if person.id not in (*standing, actor.person_id):
        tx.calendars.follow(actor.account.id, [*standing, person.id])
        record_change(tx, actor, "CalendarFollowed", {"slug": slug}, now=now)


def unfollow(tx: Transaction, actor: Actor, slug: str, *, now: datetime) -> None:
    """No longer list a person's calendar; nothing of it is lost."""
    for each in followed(tx, actor):
        if each.person.slug == slug:
            tx.calendars.save_view(actor.account.id, each.person.id, followed=False)
            record_change(tx, actor, "CalendarLeft", {"slug": slug}, now=now)


def move_up(tx: Transaction, actor: Actor, slug: str, *, now: datetime) -> None:
    """List a followed calendar one place earlier."""
    standing = [each.person for each in followed(tx, actor)]
    places = {person.slug: place for place, person in enumerate(standing)}
    place = places.get(slug, 0)
    if place:
        standing[place - 1], standing[place] = standing[place], standing[place - 1]
        tx.calendars.follow(actor.account.id, [person.id for person in standing])
        record_change(tx, actor, "CalendarMoved", {"slug": slug}, now=now)
