"""Persons from a CSV file."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.db.uow import Transaction
from rdv_caldav.domain.agency import Person, PersonKind
from rdv_caldav.domain.errors import InvalidInput, LostRace
from rdv_caldav.domain.mailing import ContactBy
from rdv_caldav.services.people_csv import slug_of
from rdv_caldav.services.people_import import ImportReport, import_in_turns, import_people

HEADER = "Nom;Prénom;Type;E-mail;Adresse;Secteur;Identifiant\n"


@pytest.fixture
def tx(book: AppointmentBook) -> Iterator[Transaction]:
    with book.database.writing() as opened:
        yield opened


def load(tx: Transaction, *rows: str, header: str = HEADER, dry_run: bool = False) -> ImportReport:
    return import_people(tx, header + "\n".join(rows) + "\n", dry_run=dry_run)


def person(tx: Transaction, slug: str) -> Person:
    found = tx.people.by_slug(slug)
    assert found is not None, slug
    return found


def everyone(tx: Transaction) -> list[Person]:
    return tx.people.everyone(active_only=False)


def test_a_row_is_a_person(any_book: AppointmentBook) -> None:
    row = "Essai;Zoé;client;zoe@famille.example|zoe@travail.example;1 rue de l'Exemple;Nord;"
    with any_book.database.writing() as tx:
        report = load(tx, row)
    assert report.created == ["Zoé Essai"]
    with any_book.database.reading() as tx:
        zoe = person(tx, "zoe-essai")
        assert (zoe.last_name, zoe.first_name, zoe.kind) == ("Essai", "Zoé", PersonKind.CLIENT)
        assert zoe.addresses == ("zoe@famille.example", "zoe@travail.example")
        assert zoe.home_address == "1 rue de l'Exemple"
        assert zoe.sector_id == person(tx, "claire").sector_id
    with any_book.database.writing() as tx:
        again = load(tx, row)
    assert (again.created, again.updated, again.unchanged) == ([], [], ["Zoé Essai"])
    assert list(again.lines()) == ["0 created: ", "0 updated: ", "1 unchanged"]


@pytest.mark.parametrize(
    "text",
    [
        "\ufeffNom;Type\r\nEssai;client\r\n",
        "Nom,Type\nEssai,client",
        "nom\ttype\nEssai\tclient\n",
        "NOM;GENRE\n\n;\n  Essai ; Cliente \n;;\n",
        "Last name;First name;Kind\nEssai;;CLIENT\n",
        "Autre colonne;Nom;Type\nrien;Essai;client\n",
        'Nom;Type\n"Essai";"client"\n',
        "Nom;Type\rEssai;client\r",
    ],
    ids=["BOM", "commas", "tabs", "blanks", "English", "more columns", "quotes", "old Mac"],
)
def test_files_of_several_programs_are_read(tx: Transaction, text: str) -> None:
    assert import_people(tx, text, dry_run=False).created == ["Essai"]
    assert person(tx, "essai").kind is PersonKind.CLIENT


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "Nom and Type"),
        ("Essai;client\n", "Nom and Type"),
        ("Nom;Prénom\nEssai;Zoé\n", "Nom and Type"),
        ("Nom;Type;Genre\nEssai;client;F\n", "mean the same"),
        ('Nom;Type\n"Essai;client\nAutre;client\n', "not CSV"),
        ('Nom;Type\n"Essai"x;client\n', "line 2: not CSV"),
    ],
)
def test_a_file_without_sense_is_refused(tx: Transaction, text: str, reason: str) -> None:
    before = everyone(tx)
    with pytest.raises(InvalidInput, match=reason):
        import_people(tx, text, dry_run=False)
    assert everyone(tx) == before


def test_a_cell_may_have_several_lines(tx: Transaction) -> None:
    row = 'Essai;Zoé;client;;"1 rue de l\'Exemple\r\n00000 Exempleville";;'
    report = load(tx, row, "Autre;;animal;;;;")
    assert report.rejected == [(4, "Type is client, intervenant or gestionnaire")]
    load(tx, row)
    assert person(tx, "zoe-essai").home_address == "1 rue de l'Exemple\n00000 Exempleville"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("Essai;;;;;;", "Type is"),
        ("Essai;;animal;;;;", "Type is"),
        (";Zoé;client;;;;", "Nom is missing"),
        ("Essai;;client;zoe;;;", "zoe is no address"),
        ("Essai;;client;zoe@;;;", "zoe@ is no address"),
        ("Essai;;client;<zoe@famille.example>;;;", "is no address"),
        (f"Essai;;client;{'x' * 320}@a.example;;;", "is no address"),
        ("Essai;;client;rdv@agence.example;;;", "the agency's own"),
        ("Essai;;client;p-3@personnes.rdv.invalid;;;", "the agency's own"),
        ("Essai;;client;;;;Zoé Essai", "Identifiant is"),
        ("Essai;;client;;;;inbox", "reserved"),
        ("Essai;;client;;;;;surplus", "more cells"),
        ("Ess\x07ai;;client;;;;", "control characters"),
        ("Ess\0ai;;client;;;;", "control characters"),
        (f"{'x' * 201};;client;;;;", "more than 200"),
    ],
)
def test_one_bad_row_and_nothing_is_written(tx: Transaction, row: str, reason: str) -> None:
    before = everyone(tx)
    report = load(tx, "Bonne;Ligne;client;;;Nouveau secteur;", row)
    assert [line for line, _ in report.rejected] == [3]
    assert reason in report.rejected[0][1]
    assert everyone(tx) == before
    assert "Nouveau secteur" not in {sector.name for sector in tx.people.sectors()}
    assert list(report.lines())[-1] == f"line 3: {report.rejected[0][1]}"


def test_every_reason_of_every_row_is_told(tx: Transaction) -> None:
    report = load(tx, ";;animal;zoe;;;", "Bonne;;client;;;;", ";;client;;;;")
    assert report.rejected == [
        (2, "Type is client, intervenant or gestionnaire; Nom is missing; zoe is no address"),
        (4, "Nom is missing"),
    ]


def test_a_dry_run_says_what_would_be_done_and_does_nothing(tx: Transaction) -> None:
    before = everyone(tx)
    rows = ("Essai;Zoé;client;;;Est;", "Cliente;Claire;client;;2 rue de l'Exemple;;")
    report = load(tx, *rows, dry_run=True)
    assert (report.created, report.updated) == (["Zoé Essai"], ["Claire Cliente"])
    assert everyone(tx) == before
    assert [sector.name for sector in tx.people.sectors()] == ["Nord", "Sud"]


def test_a_known_name_is_brought_up_to_date(tx: Transaction) -> None:
    before = person(tx, "claire")
    report = load(tx, "CLIENTE;claire;client;nouvelle@famille.example;2 rue de l'Exemple;Sud;")
    assert report.updated == ["claire CLIENTE"]
    after = person(tx, "claire")
    assert after.id == before.id
    assert (after.last_name, after.first_name) == ("CLIENTE", "claire")
    assert after.sector_id == person(tx, "sophie").sector_id
    # the old address is in texts that programs keep: she is still recognised by it
    assert after.addresses == ("nouvelle@famille.example", "claire@famille.example")


def test_the_identifier_says_who_whatever_the_name(tx: Transaction) -> None:
    report = load(tx, "Mariée;Claire;client;;;;claire")
    assert report.updated == ["Claire Mariée"]
    assert person(tx, "claire").last_name == "Mariée"


def test_empty_cells_say_nothing(tx: Transaction) -> None:
    before = person(tx, "claire")
    assert load(tx, "Cliente;Claire;client;;;;").unchanged == ["Claire Cliente"]
    assert load(tx, "Cliente;;client;;;;claire").unchanged == ["Cliente"]
    assert person(tx, "claire") == before


def test_the_same_name_of_another_kind_is_another_person(tx: Transaction) -> None:
    assert load(tx, "Cliente;Claire;intervenante;;;;").created == ["Claire Cliente"]
    assert person(tx, "claire-cliente").kind is PersonKind.INTERVENANT


def test_homonyms_need_an_identifier(tx: Transaction) -> None:
    twice = ("Essai;Zoé;client;;;;", "ESSAI;Zoe;client;;;;")
    reason = "the same person as in line 2: homonyms need an Identifiant"
    assert load(tx, *twice).rejected == [(3, reason)]
    named = ("Essai;Zoé;client;;;;zoe-mere", "Essai;Zoé;client;;;;zoe-fille")
    assert load(tx, *named).created == ["Zoé Essai", "Zoé Essai"]
    (rejected,) = load(tx, "Essai;Zoé;client;;;;").rejected
    assert "several persons are called Zoé Essai" in rejected[1]
    assert load(tx, *named).unchanged == ["Zoé Essai", "Zoé Essai"]


def test_one_person_twice_in_a_file_is_refused_however_he_is_named(tx: Transaction) -> None:
    report = load(tx, "Autre;Nom;client;;;;claire", "Cliente;Claire;client;;;;")
    assert [line for line, _ in report.rejected] == [3]


def test_an_identifier_of_the_file_is_kept_for_its_row(tx: Transaction) -> None:
    load(tx, "Essai;Zoé;client;;;;", "Autre;;client;;;;zoe-essai")
    assert person(tx, "zoe-essai").last_name == "Autre"
    assert person(tx, "zoe-essai-2").last_name == "Essai"


def test_couples_share_an_address(tx: Transaction) -> None:
    load(tx, "Deux;Un;client;deux@famille.example;;;", "Deux;Autre;client;DEUX@famille.example;;;")
    assert person(tx, "un-deux").addresses == ("deux@famille.example",)
    assert person(tx, "autre-deux").addresses == ("deux@famille.example",)


def test_a_new_secteur_is_added_once(tx: Transaction) -> None:
    load(tx, "Un;;client;;;Est;", "Deux;;client;;;EST;", "Trois;;client;;;nord;")
    assert [sector.name for sector in tx.people.sectors()] == ["Est", "Nord", "Sud"]
    assert person(tx, "un").sector_id == person(tx, "deux").sector_id
    assert person(tx, "trois").sector_id == person(tx, "claire").sector_id


def test_a_person_who_left_is_known_and_stays_away(tx: Transaction) -> None:
    load(tx, "Essai;;client;;;;")
    gone = person(tx, "essai")
    tx.people.update(
        Person(id=gone.id, slug="essai", kind=gone.kind, last_name="Essai", active=False)
    )
    assert load(tx, "Essai;;client;;;;").unchanged == ["Essai"]
    assert not person(tx, "essai").active


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Zoé D'Essai-Durand", "zoe-d-essai-durand"),
        ("李", "personne"),
        ("", "personne"),
        ("Inbox", "personne"),
        ("x" * 300, "x" * 90),
    ],
)
def test_a_name_becomes_a_part_of_a_url(name: str, slug: str) -> None:
    assert slug_of(name) == slug


def test_nobody_is_mailed(tx: Transaction) -> None:
    load(tx, "Essai;Zoé;client;zoe@famille.example;;;")
    assert tx.outbox.pending() == []


@pytest.mark.parametrize(
    ("language", "contact", "kept"),
    [
        ("", "", ("", ContactBy.AGENCY)),
        ("fr", "e-mail", ("fr", ContactBy.MAIL)),
        ("Anglais", "SMS", ("en", ContactBy.SMS)),
        ("English", "ne pas écrire", ("en", ContactBy.NONE)),
        ("français", "agence", ("fr", ContactBy.AGENCY)),
    ],
)
def test_how_somebody_is_written_to(
    tx: Transaction, language: str, contact: str, kept: tuple[str, ContactBy]
) -> None:
    header = "Nom;Type;Langue;Joindre par\n"
    load(tx, f"Essai;client;{language};{contact}", header=header)
    found = tx.people_listing.fiche("essai")
    assert found is not None
    assert (found.language, found.contact_by) == kept
    again = load(tx, f"Essai;client;{language};{contact}", header=header)
    assert again.unchanged == ["Essai"]
    load(tx, "Essai;client;;", header=header)
    found = tx.people_listing.fiche("essai")
    assert found is not None
    assert (found.language, found.contact_by) == kept, "empty cells say nothing"


@pytest.mark.parametrize("cells", ["klingon;", ";pigeon"])
def test_ways_to_write_that_are_not_known_are_refused(tx: Transaction, cells: str) -> None:
    report = load(tx, f"Essai;client;{cells}", header="Nom;Type;Langue;Joindre par\n")
    assert [line for line, _ in report.rejected] == [2]
    assert report.created == []


# -- turn by turn -------------------------------------------------------------------------

Change = Callable[[Transaction], ImportReport]


class Turns:
    """Runs each turn in a transaction of its own; ``between`` happens after the first one."""

    def __init__(
        self, book: AppointmentBook, between: Callable[[Transaction], None] | None = None
    ) -> None:
        self.book, self.between, self.count = book, between, 0

    def read(self, turn: Change) -> ImportReport:
        with self.book.database.reading() as tx:
            return turn(tx)

    def write(self, turn: Change) -> ImportReport:
        self.count += 1
        if self.between is not None and self.count == 2:
            with self.book.database.writing() as tx:
                self.between(tx)
        with self.book.database.writing() as tx:
            return turn(tx)

    def load(self, *rows: str) -> ImportReport:
        return import_in_turns(self.read, self.write, HEADER + "\n".join(rows) + "\n")


@pytest.fixture
def short_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two rows a turn."""
    monkeypatch.setattr("rdv_caldav.services.people_import.ROWS_OF_TURN", 2)


FIVE = [f"Essai;{name};client;{name.lower()}@famille.example;;Neuf;" for name in "ABCDE"]


def imported(book: AppointmentBook) -> list[str]:
    with book.database.reading() as tx:
        return sorted(each.first_name for each in everyone(tx) if each.last_name == "Essai")


@pytest.mark.usefixtures("short_turns")
def test_other_writers_have_their_turns(any_book: AppointmentBook) -> None:
    seen: list[list[str]] = []

    def write_something(tx: Transaction) -> None:
        seen.append(imported(any_book))
        tx.people.add_sector("Entre-temps")

    report = Turns(any_book, write_something).load(*FIVE)
    assert (len(report.created), report.left) == (5, 0)
    assert seen == [["A", "B"]]
    again = Turns(any_book)
    assert len(again.load(*FIVE).unchanged) == 5
    assert again.count == 0, "nothing to write takes nobody's turn"


@pytest.mark.usefixtures("short_turns")
def test_an_import_that_stopped_goes_on_when_it_is_done_again(any_book: AppointmentBook) -> None:
    def lose(_tx: Transaction) -> None:
        raise LostRace("another writer was first")

    report = Turns(any_book, lose).load(*FIVE)
    assert (len(report.created), report.left) == (2, 3)
    assert "3 rows are left" in list(report.lines())[-1]
    assert imported(any_book) == ["A", "B"]
    report = Turns(any_book).load(*FIVE)
    assert (len(report.created), len(report.unchanged), report.left) == (3, 2, 0)


@pytest.mark.usefixtures("short_turns")
def test_nothing_is_written_where_a_later_row_is_refused(any_book: AppointmentBook) -> None:
    turns = Turns(any_book)
    report = turns.load(*FIVE, "Essai;Faux;inconnu;;;;")
    assert [line for line, _ in report.rejected] == [7]
    assert turns.count == 0
    assert imported(any_book) == []


@pytest.mark.usefixtures("short_turns")
def test_homonyms_of_one_file_stay_two_persons(any_book: AppointmentBook) -> None:
    rows = ["Double;Jo;client;;;;", *FIVE[:3], "Double;Jo;client;;;;jo-le-second"]
    report = Turns(any_book).load(*rows)
    assert (len(report.created), report.updated, report.left) == (5, [], 0)
    with any_book.database.reading() as tx:
        slugs = {each.slug for each in everyone(tx) if each.last_name == "Double"}
    assert slugs == {"jo-double", "jo-le-second"}


@pytest.mark.usefixtures("short_turns")
def test_what_others_write_meanwhile_stops_it_where_it_is_doubtful(
    any_book: AppointmentBook,
) -> None:
    def add_homonyms(tx: Transaction) -> None:
        for slug in ("d-un", "d-deux"):
            tx.people.add(slug=slug, kind=PersonKind.CLIENT, last_name="Essai", first_name="D")

    report = Turns(any_book, add_homonyms).load(*FIVE)
    assert (len(report.created), report.left) == (2, 3)
    assert "several persons" in report.rejected[0][1]
