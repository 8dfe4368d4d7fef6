"""XML for other programs, by a schema that is published with this package."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from importlib.resources import files
from xml.sax.saxutils import escape, quoteattr
from zoneinfo import ZoneInfo

from rdv_caldav.domain.control import ControlRow, ListedParticipant

NAMESPACE = "urn:rdv-caldav:rendez-vous:1"
_SCHEMA = "rendez-vous.xsd"
_AT_ONCE = 200
# XML 1.0 §2.2: characters that no document holds, not even as references
_IMPOSSIBLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def xml_schema() -> bytes:
    """Return the schema (XSD) that every file keeps to."""
    return files(__package__).joinpath(_SCHEMA).read_bytes()


def xml_pieces(
    rows: Iterable[ControlRow], *, agency: str, types: Mapping[str, str], now: datetime
) -> Iterator[bytes]:
    """Yield the file piece by piece; ``types`` are labels by code, ``now`` is aware."""
    stamp = now.astimezone(UTC).isoformat(timespec="seconds")
    root = f"xmlns={quoteattr(NAMESPACE)} agence={_attribute(agency)} etabli={_attribute(stamp)}"
    pieces = [f'<?xml version="1.0" encoding="UTF-8"?>\n<liste {root}>\n']
    for row in rows:
        pieces.append(_row(row, types))
        if len(pieces) == _AT_ONCE:
            yield "".join(pieces).encode()
            pieces.clear()
    pieces.append("</liste>\n")
    yield "".join(pieces).encode()


def _row(row: ControlRow, types: Mapping[str, str]) -> str:
    zone = ZoneInfo(row.span.zone)
    trashed = row.trashed_at.isoformat(timespec="seconds") if row.trashed_at else ""
    label = types.get(row.type_code, row.type_code)
    return "".join(
        (
            f"<rendez-vous reference={_attribute(str(row.key))} uid={_attribute(row.uid)}>",
            f"<type code={_attribute(row.type_code)}>{_text(label)}</type>",
            f"<etat>{row.state.value}</etat>",
            f"<debut>{row.starts_at.astimezone(zone).isoformat()}</debut>",
            f"<fin>{row.stops_at.astimezone(zone).isoformat()}</fin>",
            f"<journee>{_truth(row.span.all_day)}</journee>",
            f"<fuseau>{_text(row.span.zone)}</fuseau>",
            f"<serie>{_truth(row.is_series)}</serie>",
            f"<objet>{_text(row.subject)}</objet>",
            f"<lieu>{_text(row.location)}</lieu>",
            f"<notes>{_text(row.notes)}</notes>",
            "<participants>",
            *map(_participant, row.participants),
            "</participants>",
            f"<corbeille>{trashed}</corbeille>" if trashed else "",
            "</rendez-vous>\n",
        )
    )


def _participant(participant: ListedParticipant) -> str:
    identity = (
        f" personne={_attribute(participant.slug)}"
        if participant.slug
        else f" adresse={_attribute(participant.address)}"
    )
    return (
        f'<participant presence="{participant.presence.value}"'
        f' proprietaire="{_truth(participant.is_owner)}"{identity}>'
        f"{_text(participant.name)}</participant>"
    )


def _truth(value: bool) -> str:
    return "true" if value else "false"


def _text(value: str) -> str:
    return escape(_IMPOSSIBLE.sub("\ufffd", value))


def _attribute(value: str) -> str:
    return quoteattr(_IMPOSSIBLE.sub("\ufffd", value))
