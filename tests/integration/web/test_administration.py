"""What an administrateur decides in the panel, and that nobody else does."""

from __future__ import annotations

import pytest

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.domain.agency import AgencySettings, PersonKind, TypeCategory
from rdv_caldav.domain.appointment import Presence
from rdv_caldav.domain.conflicts import ConflictCode
from rdv_caldav.domain.errors import SyncTokenExpired
from rdv_caldav.services import calendar_changes, calendars
from support.desk import Desk
from support.panel import PanelClient

TYPES = "/administration/configuration/rendez-vous"
DEFAULTS = "/administration/valeurs-par-defaut/rendez-vous"
RULES = "/administration/configuration/regles"


def settings_of(book: AppointmentBook) -> AgencySettings:
    with book.database.reading() as tx:
        return tx.agency.settings()


@pytest.mark.parametrize("path", ["options", "parametres", "configuration/rendez-vous"])
@pytest.mark.parametrize("login", ["alice", "ivan", "claire"])
def test_only_administrators(request: pytest.FixtureRequest, login: str, path: str) -> None:
    client: PanelClient = request.getfixturevalue(login)
    assert client.get(f"/administration/{path}").status_code == 403
    assert "Administration" not in client.get("/").text


def test_the_module_is_switched_off_and_on(book: AppointmentBook, admin: PanelClient) -> None:
    page = admin.post_form("/administration/options/module_enabled", {"enabled": "no"})
    assert "« Rendez-vous » est désactivé." in page.text
    assert not settings_of(book).module_enabled
    admin.post_form("/administration/options/module_enabled", {"enabled": "yes"})
    assert settings_of(book).module_enabled


def test_options_are_searched_without_accents(admin: PanelClient) -> None:
    page = admin.get("/administration/options?q=PLANIFIER")
    assert 'Désactiver<span class="unseen"> Rendez-vous' in page.text
    assert "Agendas personnels" not in page.text
    assert "Aucune option" in admin.get("/administration/options?q=zzz").text


def test_other_settings_are_no_options(book: AppointmentBook, admin: PanelClient) -> None:
    admin.post_form("/administration/options/demo", {"enabled": "yes"})
    assert not settings_of(book).demo


def test_a_type_is_added_renamed_moved_and_retired(
    book: AppointmentBook, admin: PanelClient
) -> None:
    fields = {"label": "Réunion d’équipe", "category": "interne", "colour": "#AA5500"}
    page = admin.post_form(f"{TYPES}/nouveau", {**fields, "reminder": "30"})
    assert "Le type « Réunion d’équipe » est ajouté." in page.text
    with book.database.reading() as tx:
        added = tx.agency.types()[-1]
    assert (added.code, added.category, added.colour) == (
        "reunion-dequipe",
        TypeCategory.INTERNE,
        "#aa5500",
    )
    assert settings_of(book).default_reminders == {"reunion-dequipe": 30}
    admin.post_form(f"{TYPES}/{added.code}", {**fields, "label": "Réunion"})
    admin.post_form(f"{TYPES}/{added.code}/place", {"direction": "up"})
    admin.post_form(f"{TYPES}/{added.code}/retrait", {"active": "no"})
    with book.database.reading() as tx:
        types = tx.agency.types()
    assert [(kind.label, kind.active) for kind in types][2] == ("Réunion", False)
    assert (
        f'[data-type="{added.code.replace("-", chr(92) + "2d ")}"]' in admin.get("/types.css").text
    )


def test_a_taken_name_is_refused_and_nothing_typed_is_lost(admin: PanelClient) -> None:
    page = admin.post_form(
        f"{TYPES}/nouveau",
        {"label": "rendez-vous CLIENT", "category": "interne", "colour": "#123456"},
    )
    assert page.status_code == 422
    assert "Ce nom est déjà pris" in page.text
    assert 'value="rendez-vous CLIENT"' in page.text
    assert 'value="#123456"' in page.text


def test_a_type_of_the_defaults_is_not_retired(book: AppointmentBook, admin: PanelClient) -> None:
    page = admin.post_form(f"{TYPES}/client/retrait", {"active": "no"})
    assert "choisissez-en d’abord un autre" in page.text
    with book.database.reading() as tx:
        assert all(kind.active for kind in tx.agency.types())


def test_a_new_name_reaches_the_calendars(book: AppointmentBook, admin: PanelClient) -> None:
    with book.database.writing() as tx:
        appointment_id = Desk(tx, book.clock()).plan("ivan")
    admin.post_form(
        f"{TYPES}/client", {"label": "Visite client", "category": "client", "colour": "#1f5fbf"}
    )
    with book.database.reading() as tx:
        stored = tx.appointments.get(appointment_id)
    assert stored is not None
    assert "CATEGORIES:Visite client" in stored.text


@pytest.mark.parametrize(
    ("colour", "verdict"), [("#1f5fbf", "bien visible"), ("#ffff00", "peu visible"), ("x", "lue")]
)
def test_the_preview_says_whether_a_colour_can_be_read(
    admin: PanelClient, colour: str, verdict: str
) -> None:
    page = admin.get(f"{TYPES}/apercu", query_string={"label": "Visite", "colour": colour})
    assert verdict in page.text


def test_rules_of_conflict(book: AppointmentBook, admin: PanelClient) -> None:
    admin.post_form(f"{TYPES}/conflits", {"overlap": "blocking", "personal": "off"})
    rules = {rule.code: rule for rule in settings_of(book).conflict_rules}
    assert rules[ConflictCode.OVERLAP].blocking
    assert not rules[ConflictCode.PERSONAL].enabled
    assert rules[ConflictCode.HOURS].enabled
    assert not rules[ConflictCode.HOURS].blocking


def test_default_values(book: AppointmentBook, admin: PanelClient) -> None:
    fields = {
        "type_client": "interne",
        "type_intervenant": "intervenant",
        "type_gestionnaire": "interne",
        "subject": "Suivi",
        "start_time": "09:30",
        "duration_minutes": "45",
        "presence": "ACCEPTED",
        "template_id": "",
    }
    page = admin.post_form(DEFAULTS, fields)
    assert "Les valeurs par défaut sont enregistrées." in page.text
    assert 'value="09:30"' in page.text
    settings = settings_of(book)
    assert settings.default_types[PersonKind.CLIENT] == "interne"
    assert settings.appointment_defaults.presence is Presence.ACCEPTED
    refused = admin.post_form(DEFAULTS, {**fields, "duration_minutes": "0", "notes": "gardé"})
    assert refused.status_code == 422
    assert ">gardé</textarea>" in refused.text.replace("\r\n", "")
    assert settings_of(book).appointment_defaults.duration_minutes == 45


def test_changes_are_in_the_journal(book: AppointmentBook, admin: PanelClient) -> None:
    admin.post_form("/administration/options/module_enabled", {"enabled": "no"})
    with book.database.reading() as tx:
        entry = tx.journal.latest(1)[0]
    assert (entry.login, entry.channel, entry.event) == ("admin", "web", "SettingChanged")
    assert entry.details == {"name": "module_enabled", "before": True, "after": False}


def test_rules_are_kept_and_told_in_the_journal(book: AppointmentBook, admin: PanelClient) -> None:
    assert "Règles des rendez-vous" in admin.get("/administration/parametres").text
    assert 'name="personal_megabytes" required type="number" value="50"' in admin.get(RULES).text
    fields = {"notes_shown_to_clients": "y", "personal_collections": "0", "personal_megabytes": "5"}
    page = admin.post_form(RULES, fields)
    assert "Les règles sont enregistrées." in page.text
    settings = settings_of(book)
    assert settings.notes_shown_to_clients
    assert not settings.reset_answers_on_change
    assert not settings.intervenants_edit_own
    assert (settings.personal_collections, settings.personal_quota) == (0, 5_000_000)
    with book.database.reading() as tx:
        told = {entry.details["name"] for entry in tx.journal.latest(5)}
    assert told == {
        "notes_shown_to_clients",
        "reset_answers_on_change",
        "intervenants_edit_own",
        "personal_collections",
        "personal_quota",
    }


@pytest.mark.parametrize("field", ["personal_collections", "personal_megabytes"])
def test_rules_that_are_wrong_change_nothing(
    book: AppointmentBook, admin: PanelClient, field: str
) -> None:
    before = settings_of(book)
    fields = {"personal_collections": "7", "personal_megabytes": "7", field: "-1"}
    page = admin.post_form(RULES, fields)
    assert page.status_code == 422
    assert 'value="7"' in page.text
    assert settings_of(book) == before


def test_only_administrators_make_rules(book: AppointmentBook, alice: PanelClient) -> None:
    assert alice.get(RULES).status_code == 403
    alice.post_form(RULES, {"personal_collections": "7", "personal_megabytes": "7"})
    assert settings_of(book).personal_collections == 100


@pytest.mark.parametrize(
    ("field", "login"), [("notes_shown_to_clients", "claire"), ("intervenants_edit_own", "ivan")]
)
def test_who_reads_otherwise_synchronises_anew(
    book: AppointmentBook, admin: PanelClient, field: str, login: str
) -> None:
    def token(slug: str) -> str:
        with book.database.reading() as tx:
            desk = Desk(tx, book.clock())
            return calendars.calendar(tx, desk.actor(slug), slug).tag

    before, of_alice = token(login), token("alice")
    settings = settings_of(book)
    kept = {"personal_collections": "100", "personal_megabytes": "50"}
    switches = {"reset_answers_on_change", "intervenants_edit_own", "notes_shown_to_clients"}
    on = {name for name in switches if getattr(settings, name) != (name == field)}
    admin.post_form(RULES, kept | dict.fromkeys(on, "y"))
    assert getattr(settings_of(book), field) != getattr(settings, field)
    assert token("alice") == of_alice
    with book.database.reading() as tx:
        seen = calendars.calendar(tx, Desk(tx, book.clock()).actor(login), login)
        with pytest.raises(SyncTokenExpired):
            calendar_changes.changes(tx, seen, before)
