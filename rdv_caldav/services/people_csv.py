"""The rows of a CSV file of persons: what each says, or why it says nothing usable."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from rdv_caldav.domain.agency import PersonKind
from rdv_caldav.domain.directory import normalise_address
from rdv_caldav.domain.errors import InvalidInput
from rdv_caldav.domain.fiches import Complaint, Problem
from rdv_caldav.domain.mail_templates import LANGUAGES
from rdv_caldav.domain.mailing import ContactBy
from rdv_caldav.ical.availability import Hours
from rdv_caldav.services.working_hours import read_hours

MAX_NAME = 200
MAX_ADDRESS = 320
MAX_SLUG = 100
MAX_PHONE = 100
MAX_TEXT = 20_000
"""Characters of notes and of a postal address."""

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
    "telephone": "phone",
    "tel": "phone",
    "phone": "phone",
    "notes": "notes",
    "adresse postale": "home_address",
    "postal address": "home_address",
    "adresse": "home_address",
    "address": "home_address",
    "secteur": "sector",
    "sector": "sector",
    "horaires": "hours",
    "working hours": "hours",
    "langue": "language",
    "language": "language",
    "joindre par": "contact_by",
    "contact by": "contact_by",
    "identifiant": "slug",
    "identifier": "slug",
}
COLUMNS = tuple(dict.fromkeys(_COLUMNS.values()))
"""What columns can mean."""
MOST_COLUMNS = 200
"""Columns of a file: with more it is something else, or made to keep the server busy."""

_SAMPLES = 3
_FORMULA_SIGNS = ("=", "+", "-", "@")
LONGEST: Mapping[str, int] = {
    "last_name": MAX_NAME,
    "first_name": MAX_NAME,
    "sector": MAX_NAME,
    "phone": MAX_PHONE,
    "home_address": MAX_TEXT,
    "notes": MAX_TEXT,
}
_KINDS: Mapping[str, PersonKind] = {
    **{kind.value: kind for kind in PersonKind},
    "cliente": PersonKind.CLIENT,
    "intervenante": PersonKind.INTERVENANT,
}
_LANGUAGES: Mapping[str, str] = {
    **{code: code for code in LANGUAGES},
    "francais": "fr",
    "french": "fr",
    "anglais": "en",
    "english": "en",
}
_CONTACTS: Mapping[str, ContactBy] = {
    **dict.fromkeys(("e-mail", "email", "mail", "courriel"), ContactBy.MAIL),
    **dict.fromkeys(("sms", "texto"), ContactBy.SMS),
    **dict.fromkeys(("ne pas ecrire", "aucun", "none"), ContactBy.NONE),
    **dict.fromkeys(("agence", "selon l'agence", "selon l’agence", "agency"), ContactBy.AGENCY),
}
WRITTEN_CONTACTS: Mapping[ContactBy, str] = {
    ContactBy.AGENCY: "agence",
    ContactBy.MAIL: "e-mail",
    ContactBy.SMS: "SMS",
    ContactBy.NONE: "ne pas écrire",
}
"""How files that are written here say how somebody is reached."""
_ADDRESS = re.compile(r'[^@\s,;:<>()"\\]+@[^@\s,;:<>()"\\]+')


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRow:
    """One usable row; ``line`` is where it begins in the file, the header being line 1.

    ``hours`` are those worked, empty for no fixed ones, None where nothing is said; so is
    ``contact_by``.
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
    phone: str = ""
    notes: str = ""
    language: str = ""
    contact_by: ContactBy | None = None

    @property
    def name(self) -> str:
        """First name then last name."""
        return f"{self.first_name} {self.last_name}".strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectedRow:
    """A row that cannot be used, and why."""

    line: int
    complaints: tuple[Complaint, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileColumn:
    """A column of a file: its header, what it seems to mean, and its first values."""

    header: str
    meaning: str | None
    samples: tuple[str, ...]


def file_columns(text: str) -> list[FileColumn]:
    """Return the columns of a file. Raises InvalidInput when it is no CSV that people make."""
    file, delimiter = _opened(text)
    reader = csv.reader(file, delimiter=delimiter, strict=True)
    try:
        header, *rows = islice(reader, 1 + _SAMPLES)
    except ValueError:
        return []
    except csv.Error as error:
        raise InvalidInput(f"not CSV: {error}") from error
    if len(header) > MOST_COLUMNS:
        raise InvalidInput(f"more than {MOST_COLUMNS} columns")
    return [
        FileColumn(
            header=_clean(cell),
            meaning=_COLUMNS.get(plain(cell)),
            samples=tuple(_clean(row[number]) for row in rows if len(row) > number),
        )
        for number, cell in enumerate(header)
    ]


def read_rows(
    text: str,
    *,
    meanings: Sequence[str | None] | None = None,
    kind: PersonKind | None = None,
) -> Iterator[PersonRow | RejectedRow]:
    """Yield what the rows say.

    Columns are found by their headers, in French or English, whatever their case and
    accents, or mean what ``meanings`` says of them (:data:`COLUMNS`); they are separated by
    ``;``, ``,`` or a tab, several addresses by a space, ``|`` or a comma. ``kind`` is that of
    rows that name none. Raises InvalidInput when the columns cannot be used, or it is no CSV.
    """
    file, delimiter = _opened(text)
    reader = csv.reader(file, delimiter=delimiter, strict=True)
    try:
        header = next(reader, [])
        columns = _columns(header) if meanings is None else [*meanings][: len(header)]
        _check_columns(columns, kind)
        line = reader.line_num + 1
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield _row(line, columns, [_clean(cell) for cell in cells], kind)
            line = reader.line_num + 1
    except csv.Error as error:
        raise InvalidInput(f"line {reader.line_num}: not CSV: {error}") from error


def _opened(text: str) -> tuple[io.StringIO, str]:
    """Return a text as a file, and what separates its cells."""
    text = text.removeprefix("\ufeff")
    return io.StringIO(text, newline=""), max(";,\t", key=text.partition("\n")[0].count)


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
    return [_COLUMNS.get(plain(cell)) for cell in header]


def _check_columns(columns: Sequence[str | None], kind: PersonKind | None) -> None:
    named = [column for column in columns if column]
    if "last_name" not in named or not (kind or "kind" in named):
        raise InvalidInput("the first line must name the columns Nom and Type")
    if len(named) != len(set(named)):
        raise InvalidInput("two columns of the first line mean the same")


def _clean(cell: str) -> str:
    cell = unicodedata.normalize("NFC", cell.replace("\r\n", "\n")).strip()
    # files that are written here keep spreadsheets from taking a text for a formula
    is_marked = cell.startswith("'") and cell[1:].lstrip().startswith(_FORMULA_SIGNS)
    return cell[1:] if is_marked else cell


def _row(
    line: int,
    columns: Sequence[str | None],
    cells: list[str],
    default_kind: PersonKind | None,
) -> PersonRow | RejectedRow:
    values = {column: cell for column, cell in zip(columns, cells, strict=False) if column}
    addresses = split_addresses(values.get("addresses", ""))
    said = plain(values.get("kind", ""))
    kind = _KINDS.get(said) if said else default_kind
    complaints = list(_complaints(values, addresses))
    hours = None
    try:
        hours = read_hours(values["hours"]) if values.get("hours") else None
    except InvalidInput as error:
        complaints.append(Complaint(problem=Problem.HOURS, about=str(error)))
    if any(cells[len(columns) :]):
        complaints.append(Complaint(problem=Problem.SURPLUS))
    if kind is None:
        complaints.insert(0, Complaint(problem=Problem.KIND))
    if kind is None or complaints:
        return RejectedRow(line=line, complaints=tuple(complaints))
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
        phone=values.get("phone", ""),
        notes=values.get("notes", ""),
        language=_LANGUAGES.get(plain(values.get("language", "")), ""),
        contact_by=_CONTACTS.get(plain(values.get("contact_by", ""))),
    )


def split_addresses(written: str) -> tuple[str, ...]:
    """Return the e-mail addresses of a text, as they are compared."""
    parts = re.split(r"[|,;\s]+", written)
    return tuple(dict.fromkeys(normalise_address(part) for part in parts if part))


def is_address(text: str) -> bool:
    """Tell whether a text can be an e-mail address."""
    return _ADDRESS.fullmatch(text) is not None and len(text) <= MAX_ADDRESS


def _complaints(values: Mapping[str, str], addresses: tuple[str, ...]) -> Iterator[Complaint]:
    if not values.get("last_name"):
        yield Complaint(problem=Problem.MISSING)
    if any(len(values.get(column, "")) > longest for column, longest in LONGEST.items()):
        yield Complaint(problem=Problem.TOO_LONG)
    if any(is_unprintable(value) for value in values.values()):
        yield Complaint(problem=Problem.UNPRINTABLE)
    for address in addresses:
        if not is_address(address):
            yield Complaint(problem=Problem.ADDRESS, about=address)
    language, contact_by = plain(values.get("language", "")), plain(values.get("contact_by", ""))
    if language and language not in _LANGUAGES:
        yield Complaint(problem=Problem.LANGUAGE)
    if contact_by and contact_by not in _CONTACTS:
        yield Complaint(problem=Problem.CONTACT_BY)
    slug = values.get("slug", "")
    if slug and (slug_of(slug) != slug or slug in RESERVED_SLUGS):
        yield Complaint(problem=Problem.SLUG)


def is_unprintable(value: str) -> bool:
    """Tell whether a text has characters that nobody types: controls and lone surrogates."""
    return any(unicodedata.category(c) in ("Cc", "Cs") for c in value.replace("\n", ""))
