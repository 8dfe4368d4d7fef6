"""The rows of a CSV file of persons: what each says, or why it says nothing usable."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rdv_caldav.domain.agency import PersonKind
from rdv_caldav.domain.directory import normalise_address
from rdv_caldav.domain.errors import InvalidInput
from rdv_caldav.ical.availability import Hours
from rdv_caldav.services.working_hours import read_hours

MAX_NAME = 200
MAX_ADDRESS = 320
MAX_SLUG = 100
RESERVED_SLUGS = frozenset({"inbox", "outbox"})
"""Names that the calendar tree has other uses for (RFC 6638 §2)."""

_COLUMNS: Mapping[str, str] = {
    "nom": "last_name",
    "last name": "last_name",
    "prenom": "first_name",
    "first name": "first_name",
    "type": "kind",
    "genre": "kind",
    "kind": "kind",
    "e-mail": "addresses",
    "email": "addresses",
    "mail": "addresses",
    "courriel": "addresses",
    "adresse e-mail": "addresses",
    "adresse mail": "addresses",
    "adresse": "home_address",
    "address": "home_address",
    "secteur": "sector",
    "sector": "sector",
    "horaires": "hours",
    "working hours": "hours",
    "identifiant": "slug",
    "identifier": "slug",
}
_REQUIRED = ("last_name", "kind")
_KINDS: Mapping[str, PersonKind] = {
    **{kind.value: kind for kind in PersonKind},
    "cliente": PersonKind.CLIENT,
    "intervenante": PersonKind.INTERVENANT,
}
_ADDRESS = re.compile(r'[^@\s,;:<>()"\\]+@[^@\s,;:<>()"\\]+')


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRow:
    """One usable row; ``line`` is where it begins in the file, the header being line 1.

    ``hours`` are those worked, empty for no fixed ones, None where nothing is said.
    """

    line: int
    kind: PersonKind
    last_name: str
    first_name: str = ""
    addresses: tuple[str, ...] = ()
    home_address: str = ""
    sector: str = ""
    slug: str = ""
    hours: Hours | None = None

    @property
    def name(self) -> str:
        """First name then last name."""
        return f"{self.first_name} {self.last_name}".strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectedRow:
    """A row that cannot be used, and why."""

    line: int
    reason: str


def read_rows(text: str) -> Iterator[PersonRow | RejectedRow]:
    """Yield what the rows say.

    Columns are found by their headers, in French or English, whatever their case and
    accents; they are separated by ``;``, ``,`` or a tab, several addresses by a space, ``|``
    or a comma. Raises InvalidInput when the file has no usable header or is no CSV.
    """
    text = text.removeprefix("\ufeff")
    delimiter = max(";,\t", key=text.partition("\n")[0].count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        columns = _columns(next(reader, []))
        line = reader.line_num + 1
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield _row(line, columns, [_clean(cell) for cell in cells])
            line = reader.line_num + 1
    except csv.Error as error:
        raise InvalidInput(f"line {reader.line_num}: not CSV: {error}") from error


def plain(text: str) -> str:
    """Return a text as it is compared: without accents, case and doubled blanks."""
    decomposed = unicodedata.normalize("NFKD", text)
    letters = "".join(c for c in decomposed if not unicodedata.combining(c))
    return " ".join(letters.casefold().split())


def slug_of(name: str) -> str:
    """Return a name as a part of a URL: lower-case letters, digits and hyphens."""
    slug = "-".join(re.findall(r"[a-z0-9]+", plain(name)))[: MAX_SLUG - 10].strip("-")
    return "personne" if slug in RESERVED_SLUGS else slug or "personne"


def _columns(header: list[str]) -> list[str | None]:
    columns = [_COLUMNS.get(plain(cell)) for cell in header]
    named = [column for column in columns if column]
    if any(name not in named for name in _REQUIRED):
        raise InvalidInput("the first line must name the columns Nom and Type")
    if len(named) != len(set(named)):
        raise InvalidInput("two columns of the first line mean the same")
    return columns


def _clean(cell: str) -> str:
    return unicodedata.normalize("NFC", cell.replace("\r\n", "\n")).strip()


def _row(line: int, columns: list[str | None], cells: list[str]) -> PersonRow | RejectedRow:
    values = {column: cell for column, cell in zip(columns, cells, strict=False) if column}
    addresses = tuple(
        dict.fromkeys(
            normalise_address(address)
            for address in re.split(r"[|,\s]+", values.get("addresses", ""))
            if address
        )
    )
    kind = _KINDS.get(plain(values.get("kind", "")))
    reasons = list(_reasons(values, addresses))
    hours = None
    try:
        hours = read_hours(values["hours"]) if values.get("hours") else None
    except InvalidInput as error:
        reasons.append(str(error))
    if any(cells[len(columns) :]):
        reasons.append("more cells than the first line has columns")
    if kind is None:
        reasons.insert(0, "Type is client, intervenant or gestionnaire")
    if kind is None or reasons:
        return RejectedRow(line=line, reason="; ".join(reasons))
    return PersonRow(
        line=line,
        kind=kind,
        last_name=values["last_name"],
        first_name=values.get("first_name", ""),
        addresses=addresses,
        home_address=values.get("home_address", ""),
        sector=values.get("sector", ""),
        slug=values.get("slug", ""),
        hours=hours,
    )


def _reasons(values: Mapping[str, str], addresses: tuple[str, ...]) -> Iterator[str]:
    if not values.get("last_name"):
        yield "Nom is missing"
    names = [values.get(column, "") for column in ("last_name", "first_name", "sector")]
    if any(len(name) > MAX_NAME for name in names):
        yield f"a name has more than {MAX_NAME} characters"
    if any(_is_unprintable(value) for value in values.values()):
        yield "control characters cannot be kept"
    for address in addresses:
        if not _ADDRESS.fullmatch(address) or len(address) > MAX_ADDRESS:
            yield f"{address} is no address"
    slug = values.get("slug", "")
    if slug and (slug_of(slug) != slug or slug in RESERVED_SLUGS):
        yield "Identifiant is lower-case letters, digits and hyphens, and no reserved word"


def _is_unprintable(value: str) -> bool:
    return any(unicodedata.category(c) in ("Cc", "Cs") for c in value.replace("\n", ""))
