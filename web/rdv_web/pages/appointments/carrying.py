"""What a form said when it was shown, carried within the form itself and signed.

So a change is told from what was only left as it was, however long somebody typed. What one account
was shown counts for no other.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from flask import current_app
from itsdangerous import BadData, URLSafeSerializer

from rdv_caldav.domain.appointment import Participant, Presence, Span
from rdv_caldav.domain.editing import Sheet
from rdv_web import work

MOST_DIGITS = 9
"""Of an id: databases know no larger ones."""


def carried(sheet: Sheet) -> str:
    """Return a sheet as the value of a hidden field."""
    return _signer().dumps(_plain(sheet))


def take_back(value: str) -> Sheet | None:
    """Return the sheet of a hidden field, None for what this account was not shown."""
    try:
        return _sheet(_signer().loads(value))
    except BadData:
        return None


def key_text(key: int | str) -> str:
    """Return how a form names a participant: ``p12`` for a person, ``g:`` and an address."""
    return f"p{key}" if isinstance(key, int) else f"g:{key}"


def key_of(text: str) -> int | str | None:
    """Return the participant's key that :func:`key_text` wrote, None for anything else."""
    if text.startswith("g:"):
        return text[2:] or None
    return number_of(text[1:]) or None if text.startswith("p") else None


def number_of(text: str) -> int:
    """Return the id that a text is, 0 for what is none."""
    is_number = text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS
    return int(text) if is_number else 0


def new_uid() -> str:
    """Return the UID of a rendez-vous that a form may plan: sent twice, it is planned once."""
    return str(uuid4())


def uid_of(text: str) -> str | None:
    """Return the UID that a form carries, None for what :func:`new_uid` did not make."""
    try:
        return str(UUID(text))
    except ValueError:
        return None


def _plain(sheet: Sheet) -> dict[str, Any]:
    span = sheet.span
    return {
        "type_code": sheet.type_code,
        "subject": sheet.subject,
        "span": [span.start.isoformat(), span.end.isoformat(), span.zone, span.all_day],
        "location": sheet.location,
        "notes": sheet.notes,
        "rule": sheet.rule,
        "owner": sheet.owner,
        "participants": [
            [p.person_id, p.address, p.name, p.presence.value] for p in sheet.participants
        ],
    }


def _sheet(plain: dict[str, Any]) -> Sheet:
    start, end, zone, all_day = plain["span"]
    return Sheet(
        type_code=plain["type_code"],
        subject=plain["subject"],
        span=Span(
            start=datetime.fromisoformat(start),
            end=datetime.fromisoformat(end),
            zone=zone,
            all_day=all_day,
        ),
        location=plain["location"],
        notes=plain["notes"],
        rule=plain["rule"],
        owner=plain["owner"],
        participants=tuple(
            Participant(person_id=person_id, address=address, name=name, presence=Presence(value))
            for person_id, address, name, value in plain["participants"]
        ),
    )


def _signer() -> URLSafeSerializer:
    assert current_app.secret_key is not None
    account_id = work.actor().account.id
    return URLSafeSerializer(current_app.secret_key, salt=f"appointment-form-{account_id}")
