"""The agency's own templates: who writes them, which is taken, and what becomes of it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace

import pytest

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.domain.appointment import Participant
from rdv_caldav.domain.errors import (
    AccessRefused,
    EditRefused,
    InvalidInput,
    InvalidTemplate,
    UnknownObject,
)
from rdv_caldav.domain.mail_templates import MailTemplate, Medium, Occasion
from rdv_caldav.services import appointment_mails, mail_templates, template_filling
from rdv_caldav.services.appointment_mails import Recipient
from rdv_caldav.services.appointment_pages import open_page
from rdv_caldav.services.mailing import mail_listing
from support.desk import PLAN, Desk

LETTER = MailTemplate(
    name=" Lettre  maison ",
    occasion=Occasion.INVITATION,
    subject="{{ objet }}",
    text="Bonjour {{ prenom }} {{ nom }},\r\n{{ horaire }} {{ notes }}",
    html="<p>{{ participants }}</p>",
)


@pytest.fixture
def desk(any_book: AppointmentBook) -> Iterator[Desk]:
    with any_book.database.writing() as tx:
        yield Desk(tx=tx, now=any_book.clock())


def create(desk: Desk, template: MailTemplate = LETTER) -> MailTemplate:
    return mail_templates.create(desk.tx, desk.actor("admin"), template, now=desk.now)


def recipient(desk: Desk, appointment_id: int, name: str) -> Recipient:
    page = open_page(desk.tx, desk.actor("alice"), appointment_id)
    return next(each for each in appointment_mails.recipients(page) if each.name == name)


def notes_for(desk: Desk, appointment_id: int, name: str) -> object:
    who = recipient(desk, appointment_id, name)
    values = template_filling.values_for(desk.tx, desk.actor("alice"), appointment_id, who)
    return values["notes"]


def allow_notes(desk: Desk, *names: str) -> None:
    for name in names:
        desk.tx.agency.save_setting(name, True)


def test_a_template_is_kept_tidied_and_recorded(desk: Desk) -> None:
    kept = create(desk)
    assert kept.id
    assert kept == mail_templates.find(desk.tx, kept.key)
    assert kept.name == "Lettre maison"
    assert "\r" not in kept.text
    assert not kept.is_default
    assert mail_templates.listing(desk.tx, desk.actor("admin")) == [kept]
    changed = replace(kept, text="Autre texte", medium=Medium.SMS, active=False)
    mail_templates.change(desk.tx, desk.actor("admin"), changed, now=desk.now)
    stored = mail_templates.find(desk.tx, kept.key)
    assert (stored.text, stored.medium, stored.active) == ("Autre texte", Medium.MAIL, True)
    events = {entry.event for entry in desk.tx.journal.latest(2)}
    assert events == {"TemplateAdded", "TemplateChanged"}


@pytest.mark.parametrize("login", ["alice", "ivan", "claire"])
def test_only_administrateurs_write_templates(desk: Desk, login: str) -> None:
    kept, actor = create(desk), desk.actor(login)
    with pytest.raises(AccessRefused):
        mail_templates.listing(desk.tx, actor)
    with pytest.raises(AccessRefused):
        mail_templates.create(desk.tx, actor, LETTER, now=desk.now)
    with pytest.raises(AccessRefused):
        mail_templates.change(desk.tx, actor, kept, now=desk.now)
    with pytest.raises(AccessRefused):
        mail_templates.retire(desk.tx, actor, kept.id, active=False, now=desk.now)
    with pytest.raises(AccessRefused):
        mail_templates.choose_default(desk.tx, actor, kept.id, chosen=True, now=desk.now)
    with pytest.raises(AccessRefused):
        template_filling.preview(desk.tx, actor, kept, None)
    with pytest.raises(AccessRefused):
        template_filling.examples(desk.tx, actor)


def test_what_cannot_work_is_not_stored(desk: Desk) -> None:
    kept = create(desk)
    endless = "{% for i in (1..1000000000) %}x{% endfor %}"
    with pytest.raises(InvalidTemplate):
        create(desk, replace(LETTER, text=endless))
    with pytest.raises(InvalidTemplate):
        broken = replace(kept, html=endless)
        mail_templates.change(desk.tx, desk.actor("admin"), broken, now=desk.now)
    assert mail_templates.listing(desk.tx, desk.actor("admin")) == [kept]


def test_there_is_one_default_of_each_use(desk: Desk) -> None:
    tx, admin, now = desk.tx, desk.actor("admin"), desk.now
    first, second = create(desk), create(desk, replace(LETTER, name="Autre"))
    english = create(desk, replace(LETTER, language="en"))

    def standard() -> int:
        return mail_templates.standard(tx, Occasion.INVITATION).id

    assert standard() == 0
    for template in (first, english, second):
        mail_templates.choose_default(tx, admin, template.id, chosen=True, now=now)
    assert standard() == second.id
    assert not mail_templates.find(tx, first.key).is_default
    assert mail_templates.standard(tx, Occasion.INVITATION, "en").id == english.id
    assert mail_templates.standard(tx, Occasion.INVITATION, "fr", Medium.SMS).id == 0
    mail_templates.choose_default(tx, admin, second.id, chosen=False, now=now)
    assert standard() == 0


def test_a_default_that_is_retired_or_moved_is_none_any_more(desk: Desk) -> None:
    tx, admin, now = desk.tx, desk.actor("admin"), desk.now
    kept = create(desk)
    mail_templates.choose_default(tx, admin, kept.id, chosen=True, now=now)
    mail_templates.change(tx, admin, replace(kept, occasion=Occasion.REMINDER), now=now)
    assert mail_templates.standard(tx, Occasion.REMINDER).id == 0
    assert mail_templates.standard(tx, Occasion.INVITATION).id == 0
    mail_templates.choose_default(tx, admin, kept.id, chosen=True, now=now)
    mail_templates.retire(tx, admin, kept.id, active=False, now=now)
    assert mail_templates.standard(tx, Occasion.REMINDER).id == 0
    with pytest.raises(InvalidInput):
        mail_templates.choose_default(tx, admin, kept.id, chosen=True, now=now)
    assert kept.key not in [each.key for each in mail_templates.offered(tx)]
    assert mail_templates.retire(tx, admin, kept.id, active=True, now=now).active
    assert kept.key in [each.key for each in mail_templates.offered(tx)]


def test_shipped_templates_are_offered_and_copied(desk: Desk) -> None:
    offered = mail_templates.offered(desk.tx, medium=Medium.SMS)
    assert {each.medium for each in offered} == {Medium.SMS}
    actor = desk.actor("admin")
    key = "mail-reminder-en"
    copy = mail_templates.duplicate(desk.tx, actor, key, "Mine" * 90, now=desk.now)
    assert copy.id
    assert len(copy.name) == 100
    assert copy.text == mail_templates.find(desk.tx, key).text


@pytest.mark.parametrize("key", ["", "0", "99", "mail-nothing-fr", "9" * 30, "²"])
def test_unknown_keys_name_nothing(desk: Desk, key: str) -> None:
    with pytest.raises(UnknownObject):
        mail_templates.find(desk.tx, key)


def test_templates_are_not_without_number(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail_templates, "MOST_TEMPLATES", 1)
    create(desk)
    with pytest.raises(InvalidInput, match="at most"):
        create(desk)


# -- filling in ---------------------------------------------------------------------------


def test_variables_are_those_of_the_recipient(desk: Desk) -> None:
    appointment_id = desk.plan("ivan")
    desk.tx.agency.save_setting("public_url", "https://agence.example/")
    who = recipient(desk, appointment_id, "Ivan Intervenant")
    values = template_filling.values_for(desk.tx, desk.actor("alice"), appointment_id, who)
    assert values["destinataire"] == "Ivan Intervenant"
    assert (values["prenom"], values["nom"]) == ("Ivan", "Intervenant")
    assert values["objet"] == "Visite"
    assert values["lieu"] == "1 rue de l'Exemple"
    assert values["type"] == "Rendez-vous client"
    assert values["proprietaire"] == "Claire Cliente"
    assert set(values["liste_participants"] or ()) == {"Claire Cliente", "Ivan Intervenant"}
    assert values["agence"] == "Agence de test"
    assert values["lien"] == f"https://agence.example/rendez-vous/{appointment_id}"
    assert values["notes"] is None


def test_who_may_not_edit_learns_nothing(desk: Desk) -> None:
    appointment_id = desk.plan("ivan")
    who = recipient(desk, appointment_id, "Claire Cliente")
    with pytest.raises(EditRefused):
        template_filling.values_for(desk.tx, desk.actor("claire"), appointment_id, who)
    stranger = desk.plan(page="sophie")
    with pytest.raises(UnknownObject):
        template_filling.values_for(desk.tx, desk.actor("nora"), stranger, who)


def test_notes_are_told_only_where_settings_allow(desk: Desk) -> None:
    guest = Participant(address="guest@ailleurs.example", name="Dr Externe")
    appointment_id = desk.plan("ivan", plan=replace(PLAN, participants=(guest,)))
    names = ("Ivan Intervenant", "Claire Cliente", "Dr Externe")
    assert [notes_for(desk, appointment_id, name) for name in names] == [None, None, None]
    allow_notes(desk, "notes_in_mails")
    assert [notes_for(desk, appointment_id, name) for name in names] == ["Note interne", None, None]
    allow_notes(desk, "notes_shown_to_clients")
    told = [notes_for(desk, appointment_id, name) for name in names]
    assert told == ["Note interne", "Note interne", None]


def test_a_guest_from_outside_gets_no_link(desk: Desk) -> None:
    desk.tx.agency.save_setting("public_url", "https://agence.example")
    guest = Participant(address="guest@ailleurs.example", name="Dr Externe")
    appointment_id = desk.plan("ivan", plan=replace(PLAN, participants=(guest,)))
    who = recipient(desk, appointment_id, "Dr Externe")
    values = template_filling.values_for(desk.tx, desk.actor("alice"), appointment_id, who)
    assert values["lien"] is None
    assert values["nom"] == "Dr Externe"


def test_a_template_that_fails_gives_way_to_the_shipped_one(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    appointment_id = desk.plan("ivan")
    page = open_page(desk.tx, desk.actor("alice"), appointment_id)
    who = recipient(desk, appointment_id, "Claire Cliente")
    good = template_filling.compose(desk.tx, page, LETTER, who)
    assert good.text.startswith("Bonjour Claire Cliente,\n")
    broken = replace(LETTER, text="{% for i in (1..99999) %}x{% endfor %}")
    with caplog.at_level(logging.WARNING):
        message = template_filling.compose(desk.tx, page, broken, who)
    assert message.subject.startswith("Invitation : Visite")
    assert "vous propose" in message.text
    assert "the shipped one is taken" in caplog.text


def test_examples_are_each_rendez_vous_once(desk: Desk) -> None:
    ids = {desk.plan("ivan"), desk.plan()}
    admin = desk.actor("admin")
    assert {row.key.appointment_id for row in template_filling.examples(desk.tx, admin)} == ids
    desk.tx.agency.save_setting("module_enabled", False)
    assert template_filling.examples(desk.tx, admin) == []


def test_a_preview_needs_no_name_and_no_rendez_vous(desk: Desk) -> None:
    admin = desk.actor("admin")
    sample = template_filling.preview(desk.tx, admin, replace(LETTER, name=""), None)
    assert sample.text.startswith("Bonjour Claire Exemple,")
    shown = template_filling.preview(desk.tx, admin, LETTER, desk.plan("ivan"))
    assert shown.subject == "Visite"
    with pytest.raises(InvalidTemplate):
        template_filling.preview(desk.tx, admin, replace(LETTER, text="{{ x }}"), None)


def test_a_test_goes_to_oneself_and_to_nobody_else(desk: Desk) -> None:
    appointment_id = desk.plan("ivan")
    admin = desk.actor("admin")
    with pytest.raises(InvalidInput):
        template_filling.send_test(desk.tx, admin, LETTER, appointment_id, now=desk.now)
    assert admin.person
    admin = replace(admin, person=replace(admin.person, addresses=("chef@agence.example",)))
    before = len(desk.tx.outbox.pending())
    address = template_filling.send_test(desk.tx, admin, LETTER, appointment_id, now=desk.now)
    *others, queued = desk.tx.outbox.pending()
    assert len(others) == before
    assert address == queued.recipient == "chef@agence.example"
    assert (queued.method, queued.subject) == ("TEST", "Visite")
    assert queued.html
    assert queued.body
    page = open_page(desk.tx, admin, appointment_id)
    sent = mail_listing.correspondence(desk.tx, page, most=50).sent
    assert "TEST" not in {each.method for each in sent}
    with pytest.raises(InvalidInput):
        sms = replace(LETTER, medium=Medium.SMS)
        template_filling.send_test(desk.tx, admin, sms, appointment_id, now=desk.now)
