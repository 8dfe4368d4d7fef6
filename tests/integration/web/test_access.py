"""Who gets into which page: every endpoint has its row here, and a new one without fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from io import BytesIO
from itertools import product

import pytest
import xlrd
from flask import Flask
from openpyxl import load_workbook
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.db.mail_threads import recipient_key
from rdv_caldav.db.received_mails import Arrival
from rdv_caldav.services import devices, feeds
from rdv_caldav.services.access import Channel, actor_for
from rdv_caldav.services.control_exports import ExportFormat
from rdv_caldav.services.export_jobs import Preparation, ask, claim
from rdv_caldav.services.mailing import threads
from support.appointment_form import Form, planned, typed
from support.panel import PanelClient

LOGINS = ("admin", "alice", "nora", "ivan", "claire")
GROUPS = {
    "anybody": LOGINS,  # without a login, too
    "everybody": LOGINS,
    "planners": ("admin", "alice", "nora", "ivan"),
    "concerned": ("admin", "alice", "nora", "claire"),  # those whom Claire's rendez-vous concerns
    "staff": ("admin", "alice", "nora"),
    "agency-wide": ("admin", "alice"),  # Nora has a secteur
    "administrators": ("admin",),
    "participants": ("claire",),
    "own-devices": ("admin", "claire"),  # hers
    "whoever-asked": ("admin",),  # for a file that is being prepared
}
# the second column: who is let in; the third: what goes with the module
ROWS = """
account.appointments                    everybody       module
account.change_password                 everybody
account.choose_language                 everybody
account.confirm_revocation              own-devices
account.devices                         everybody
account.devices_of                      own-devices
account.end_session                     everybody
account.follow                          everybody
account.make_device                     everybody
account.move_up                         everybody
account.preferences                     everybody
account.revoke_device                   own-devices
account.switch_notifications            everybody
account.unfollow                        everybody
administration.appointment_defaults     administrators
administration.choose_default_template  administrators
administration.copy_template            administrators
administration.edit_template            administrators
administration.edit_type                administrators
administration.mail_settings            administrators
administration.mail_templates           administrators
administration.move_type                administrators
administration.new_template             administrators
administration.new_type                 administrators
administration.options                  administrators
administration.parameters               administrators
administration.preview_template         administrators
administration.preview_typed            administrators
administration.retire_template          administrators
administration.retire_type              administrators
administration.rules                    administrators
administration.save_appointment_defaults  administrators
administration.save_conflict_rules      administrators
administration.save_mail_settings       administrators
administration.save_rules               administrators
administration.send_trial               administrators
administration.switch_option            administrators
administration.type_preview             administrators
administration.types                    administrators
answering.answer                        anybody         module
answering.calendar                      anybody         module
answering.page                          anybody         module
answering.stop                          anybody
answering.stopping                      anybody
appointments.answer                     participants    module
appointments.ask_to_invite              staff           module
appointments.confirm_removal            staff           module
appointments.edit                       staff           module
appointments.free                       everybody
appointments.mail                       staff           module
appointments.new                        planners        module
appointments.of_uid                     concerned       module
appointments.persons                    everybody       module
appointments.plan                       planners        module
appointments.remove_date                staff           module
appointments.restore                    staff           module
appointments.restore_date               staff           module
appointments.send_invitations           staff           module
appointments.send_mail                  staff           module
appointments.show                       concerned       module
appointments.trash                      staff           module
control.abandon                         whoever-asked   module
control.apply                           staff           module
control.fetch                           whoever-asked   module
control.file                            staff           module
control.forget                          staff           module
control.look                            staff           module
control.mail                            staff           module
control.prepare                         staff           module
control.prepared                        whoever-asked   module
control.printed                         staff           module
control.save                            staff           module
control.schema                          staff
control.table                           staff           module
feeds.create                            concerned       module
feeds.feed                              anybody         module
feeds.listing                           concerned       module
feeds.revoke                            concerned       module
front_page.connecting                   everybody
front_page.front_page                   anybody
health.health                           anybody
journal.export                          administrators
journal.listing                         administrators
login.enter                             anybody
login.form                              anybody
login.leave                             everybody
mailing.assign                          staff           module
mailing.dismiss                         staff           module
mailing.file                            staff           module
mailing.message                         staff           module
mailing.messages                        staff           module
mailing.received_file                   staff           module
mailing.replies                         staff           module
mailing.reply                           staff           module
mailing.send                            staff           module
people.add_sector                       administrators
people.appointments                     staff           module
people.archive                          staff
people.check_file                       agency-wide
people.edit                             staff
people.export                           staff
people.fiche                            staff
people.import_file                      agency-wide
people.listing                          staff
people.new                              staff
people.rename_sector                    administrators
people.restore                          staff
people.sectors                          administrators
planning.move                           concerned       module
planning.move_in_team                   everybody       module
planning.person                         concerned       module
planning.team                           everybody       module
static                                  anybody
types.stylesheet                        anybody
"""
VALUES: Mapping[str, tuple[object, ...]] = {
    "appointment_id": (1,),
    "code": ("client",),
    "device_id": (1,),
    "date": ("2026-12-01T10:00:00",),
    "ending": ("csv", "xls", "xlsx", "xml", "ics", "pdf"),
    "feed_id": (1,),
    "filter_id": (1,),
    "key": ("mail-message-fr", "1"),
    "login": ("claire",),
    "kind": ("clients", "intervenants", "gestionnaires"),
    "secret": ("A" * 27,),
    "sector_id": (1,),
    "mail": (1,),
    "message": (1,),
    "setting": ("module_enabled",),
    "signed": ("x.y",),
    "slug": ("claire",),
    "template_id": (1,),
    "token": ("0" * 32,),
    "uid": ("uid-of-claire",),
}
DATED = {"appointments.confirm_removal", "appointments.remove_date", "appointments.restore_date"}
"""What is about a date of a series: here the first of Claire's."""

OUTSIDE = ("Sophie", "sophie@famille.example", "Affaire réservée")
"""Somebody of another secteur, with nothing to do with whoever asks, and what she plans."""


def _rows() -> Iterator[tuple[str, str, bool]]:
    for line in ROWS.strip().splitlines():
        endpoint, group, *module = line.split()
        yield endpoint, group, bool(module)


GROUP_OF = {endpoint: group for endpoint, group, _module in _rows()}
NEEDS_MODULE = {endpoint for endpoint, _group, module in _rows() if module}
NO_FORM_OF_ITS_OWN = {"login.enter", "login.leave"}
"""What a test that sends empty forms everywhere had better not send."""


def _urls(app: Flask, values: Mapping[str, tuple[object, ...]]) -> Iterator[tuple[Rule, str, str]]:
    """Yield every rule but that of files, with each of its methods and addresses."""
    with app.test_request_context():
        adapter = app.url_map.bind("localhost")
        for rule in app.url_map.iter_rules():
            if rule.endpoint == "static":
                continue
            names = sorted(rule.arguments)
            for method in sorted({"GET", "POST"} & (rule.methods or set())):
                for chosen in product(*(values[name] for name in names)):
                    arguments = dict(zip(names, chosen, strict=True))
                    if rule.endpoint in DATED:
                        arguments["date"] = values["date"][0]
                    yield rule, method, str(adapter.build(rule.endpoint, arguments, method=method))


def _sent(client: PanelClient, method: str, url: str) -> TestResponse:
    if method == "GET":
        return client.get(url, follow_redirects=True)
    return client.post_form(url)


def _read(answer: TestResponse) -> str:
    """Return the words of an answer; those of a PDF are numbers of glyphs, which tell nothing."""
    mimetype = answer.mimetype or ""
    if mimetype.startswith("text/") or mimetype.endswith("xml"):
        return answer.text
    if answer.data.startswith(b"PK"):
        sheets = load_workbook(BytesIO(answer.data), read_only=True).worksheets
        return str([row for sheet in sheets for row in sheet.iter_rows(values_only=True)])
    if mimetype == "application/vnd.ms-excel":
        book = xlrd.open_workbook(file_contents=answer.data)
        return str([sheet.row_values(row) for sheet in book.sheets() for row in range(sheet.nrows)])
    return ""


@pytest.fixture
def values(book: AppointmentBook, admin: PanelClient) -> Mapping[str, tuple[object, ...]]:
    """What addresses name, all of it there: Claire's rendez-vous, a template, a filter, a file."""
    made = planned(book, admin, repeat="WEEKLY", interval="1", ends="count", count="3")
    with book.database.reading() as tx:
        stored = tx.appointments.get(made)
    assert stored
    admin.post_form("/administration/configuration/modeles/mail-message-fr/copie")
    admin.post_form("/analyse/rendez-vous/filtres", {"nom": "Le mien"})
    uid = stored.appointment.uid
    with book.database.writing() as tx:
        mail = Arrival(
            source="imap",
            fingerprint="f",
            sender="claire@famille.example",
            outcome="queued",
            reason="prose",
            evidence={},
            proposal={},
            appointment_id=made,
            is_open=True,
        )
        received = tx.received_mails.add(mail, raw=b"raw", now=book.clock())
        tx.outbox.put(
            method="REQUEST",
            appointment_id=made,
            original=None,
            sequence=0,
            now=book.clock(),
            recipient="claire@famille.example",
            recipient_name="Claire Cliente",
        )
        message = max(row.id for row in tx.outbox.of_appointment(made))
        tx.outbox.keep_raw(message, b"Subject: Bilan\r\n\r\nBonjour", "<1@x>", sequence=0)
    return {
        **VALUES,
        "appointment_id": (made,),
        "uid": (uid,),
        "token": (_prepared_file(book),),
        "message": (message,),
        "mail": (received,),
        **_secret_addresses(book, made),
    }


def _secret_addresses(book: AppointmentBook, appointment_id: int) -> dict[str, tuple[object, ...]]:
    """Make a link for Claire to answer by, and a feed of her calendar."""
    with book.database.writing() as tx:
        claire, now = actor_for(tx, "claire", channel=Channel.WEB), book.clock()
        key = recipient_key(claire.person_id or 0)
        thread = threads.open_thread(tx, appointment_id, key, "claire@famille.example", now)
        settings = replace(tx.agency.settings(), public_url="https://rdv.example")
        link = threads.answer_link(tx, thread, settings)
        secret = feeds.create(tx, claire, "claire", label="", is_masked=False, now=now)
        feed = tx.feeds.of_person(claire.person_id or 0)[0].id
        devices.make(tx, claire, "Téléphone", now=now)
    return {"signed": (link.rpartition("/")[2],), "secret": (secret,), "feed_id": (feed,)}


def _prepared_file(book: AppointmentBook) -> str:
    """Have a file of the administrateur's prepared and return its token."""
    with book.database.writing() as tx:
        actor, now = actor_for(tx, "admin", channel=Channel.WEB), book.clock()
        token = ask(tx, actor, "lancer=1", ExportFormat.XLSX, language="fr", now=now)
        job = claim(tx, actor, token, now=now)
    assert job is not None
    Preparation(database=book.database, clock=book.clock, actor=actor, job=job).run()
    return token


def test_every_endpoint_has_a_row(app: Flask) -> None:
    assert {rule.endpoint for rule in app.url_map.iter_rules()} == set(GROUP_OF)
    rows = [endpoint for endpoint, _group, _module in _rows()]
    assert rows == sorted(set(rows)), "one row each, in order"


@pytest.mark.parametrize("login", LOGINS)
def test_pages_let_in_whom_the_table_says(
    app: Flask,
    logged_in: Callable[[str], PanelClient],
    values: Mapping[str, tuple[object, ...]],
    login: str,
) -> None:
    client = logged_in(login)
    for rule, method, url in _urls(app, values):
        is_let_in = login in GROUPS[GROUP_OF[rule.endpoint]]
        if method == "GET":
            answer = _sent(client, method, url)
            assert (answer.status_code == 200) is is_let_in, (url, answer.status_code)
        elif not is_let_in:
            # whoever is let in changes something by it: that has tests of its own
            answer = _sent(client, method, url)
            assert answer.status_code in (403, 404), (url, answer.status_code)


@pytest.mark.parametrize("login", ["admin", "nora", "ivan", "claire"])
def test_what_goes_with_the_module_is_gone_for_everybody(
    app: Flask,
    book: AppointmentBook,
    logged_in: Callable[[str], PanelClient],
    values: Mapping[str, tuple[object, ...]],
    login: str,
) -> None:
    with book.database.writing() as tx:
        tx.agency.save_setting("module_enabled", False)
    client = logged_in(login)
    for rule, method, url in _urls(app, values):
        if rule.endpoint in NEEDS_MODULE:
            answer = _sent(client, method, url)
            assert answer.status_code >= 400, (method, url, answer.status_code)
            assert "Bilan" not in _read(answer)
        elif method == "GET" and login in GROUPS[GROUP_OF[rule.endpoint]]:
            assert _sent(client, method, url).status_code == 200, url


def test_without_a_login_nothing_is_told(app: Flask, browser: PanelClient) -> None:
    for rule, method, url in _urls(app, VALUES):
        if GROUP_OF[rule.endpoint] == "anybody":
            continue
        answer = browser.get(url) if method == "GET" else browser.post_form(url)
        assert answer.status_code == (302 if method == "GET" else 401), (method, url)
        assert not any(words in answer.text for words in OUTSIDE), (method, url)


@pytest.mark.parametrize("login", ["nora", "ivan", "claire"])
def test_another_secteur_is_nowhere_to_be_found(
    app: Flask,
    book: AppointmentBook,
    admin: PanelClient,
    logged_in: Callable[[str], PanelClient],
    login: str,
) -> None:
    form = Form(admin, "/rendez-vous/nouveau?personne=sophie")
    form.fill(**typed(book, subject="Affaire réservée")).press("insist")
    for path in ("", *(f"/export.{ending}" for ending in VALUES["ending"] if ending != "pdf")):
        found = admin.get(f"/analyse/rendez-vous{path}?texte=ffair&lancer=1")
        assert "Affaire réservée" in _read(found), path
    client = logged_in(login)
    of_her = {**VALUES, "slug": ("sophie",), "key": ("1",)}
    for rule, method, url in _urls(app, of_her):
        if rule.endpoint in NO_FORM_OF_ITS_OWN or GROUP_OF[rule.endpoint] == "anybody":
            continue
        # parts of words, since pages show what was searched for
        for query in ("", "?texte=ffair&lancer=1&words=ophi&mots=ophi&q=ophi"):
            told = _read(_sent(client, method, url + query))
            assert not any(words in told for words in OUTSIDE), (method, url + query)
