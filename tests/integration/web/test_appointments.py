"""The form of a rendez-vous: planning, changing, answering, and nothing lost on the way."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.domain import events
from rdv_caldav.domain.appointment import Appointment, Presence, State
from rdv_caldav.domain.conflicts import ConflictCode, ConflictRule
from rdv_caldav.domain.defaults import AppointmentDefaults
from rdv_caldav.ical.objects import parse
from rdv_caldav.services import calendars
from rdv_caldav.services.access import Channel, actor_for
from rdv_caldav.services.calendar_objects.put import put_object
from rdv_web.pages.appointments.wording import Historian
from support.panel import PanelClient

_BASE = re.compile(r'name="base" value="([^"]+)"')
_WHO = re.compile(r'name="who" value="([^"]+)"')
_OWNER = re.compile(r'name="owner" value="([^"]+)"')

NEW = "/rendez-vous/nouveau?personne=claire"


def day_of(book: AppointmentBook, after: int = 7) -> date:
    return (book.clock() + timedelta(days=after)).date()


class Form:
    """What a browser sends: the fields of the page, with what is typed over them."""

    def __init__(self, browser: PanelClient, url: str) -> None:
        self.browser, self.url = browser, url
        self.page = browser.get(url).text
        self.fields: dict[str, Any] = {}
        self._read()

    def _read(self) -> None:
        found = _BASE.search(self.page)
        assert found, self.page
        owner = _OWNER.search(self.page)
        assert owner
        self.fields |= {"base": found[1], "who": _WHO.findall(self.page), "owner": owner[1]}

    def fill(self, **fields: Any) -> Form:
        self.fields |= fields
        return self

    def press(self, button: str, status: int = 200) -> Form:
        answer = self.browser.post_form(self.url, {**self.fields, "do": button})
        assert answer.status_code == status, re.findall(r"problem[^>]*>([^<]+)", answer.text)
        self.page = answer.text
        self.where = answer.request.path
        if 'name="base"' in self.page:
            self._read()
        return self


def typed(book: AppointmentBook, **more: Any) -> dict[str, Any]:
    day = day_of(book).isoformat()
    return {
        "type_code": "client",
        "subject": "Bilan",
        "start_day": day,
        "start_time": "10:00",
        "end_day": day,
        "end_time": "11:00",
        "location": "1 rue de l’Exemple",
        "notes": "Note interne",
        "repeat": "",
        **more,
    }


def key(book: AppointmentBook, slug: str) -> str:
    with book.database.reading() as tx:
        person = tx.people.by_slug(slug)
    assert person
    return f"p{person.id}"


def planned(book: AppointmentBook, browser: PanelClient, **more: Any) -> int:
    form = Form(browser, NEW).fill(**typed(book, **more)).press("insist")
    return int(form.where.rsplit("/", 1)[1])


def stored(book: AppointmentBook, appointment_id: int) -> Appointment:
    with book.database.reading() as tx:
        found = tx.appointments.get(appointment_id)
    assert found
    return found.appointment


def show(appointment_id: int, original: str = "") -> str:
    return f"/rendez-vous/{appointment_id}" + (f"?date={original}" if original else "")


# -- planning -----------------------------------------------------------------------------


def test_a_rendez_vous_is_planned_with_several_participants(
    book: AppointmentBook, alice: PanelClient
) -> None:
    form = Form(alice, NEW).fill(**typed(book))
    form.fill(words="ivan").press("search")
    assert "Ivan Intervenant" in form.page
    assert 'value="Bilan"' in form.page, "what was typed is kept"
    form.fill(add=[key(book, "ivan"), key(book, "paul")]).press("add").fill(add=[], words="")
    form.press("me")
    form.fill(guest_name="Invité Démo", guest_address="Invite@exterieur.example").press("guest")
    form.fill(guest_name="", guest_address="").press("save")
    appointment = stored(book, int(form.where.rsplit("/", 1)[1]))
    with book.database.reading() as tx:
        names = [
            tx.people.by_ids([p.person_id])[p.person_id].slug if p.person_id else p.address
            for p in appointment.participants
        ]
    assert names == ["claire", "ivan", "paul", "alice", "invite@exterieur.example"]
    assert appointment.owner.presence is Presence.ACCEPTED
    assert appointment.subject == "Bilan"
    assert appointment.notes == "Note interne"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"start_day": ""}, "start_day-error"),
        ({"start_day": "pas une date"}, "start_day-error"),
        ({"start_time": ""}, "Indiquez l’heure"),
        ({"end_time": "09:00"}, "La fin précède le début."),
        ({"start_day": "0026-11-24"}, "Cette année"),
        ({"type_code": "rien"}, "type_code-error"),
        ({"subject": "x" * 501}, "subject-error"),
        ({"guest_address": "pas une adresse"}, "Ce n’est pas une adresse e-mail."),
        ({"guest_address": "dupont@famille.example"}, "cherchez la personne"),
        ({"repeat": "WEEKLY", "ends": "count"}, "Indiquez la fin"),
        ({"repeat": "DAILY", "ends": "until", "until": "2001-01-01"}, "avant la première date"),
    ],
)
def test_what_is_wrong_is_said_beside_the_field_and_nothing_is_lost(
    book: AppointmentBook, alice: PanelClient, fields: dict[str, str], words: str
) -> None:
    form = Form(alice, NEW).fill(**typed(book, location="Ici, à garder")).fill(**fields)
    form.press("save", 422)
    assert words in form.page
    assert "Ici, à garder" in form.page
    with book.database.reading() as tx:
        assert tx.journal.entries_for(1) == []


def test_whole_days_and_repetitions(book: AppointmentBook, alice: PanelClient) -> None:
    day = day_of(book)
    whole = stored(book, planned(book, alice, all_day="y", start_time="", end_time=""))
    assert whole.span.all_day
    assert whole.span.duration == timedelta(days=1)
    own = day.weekday()
    weekly = planned(
        book,
        alice,
        repeat="WEEKLY",
        interval="2",
        weekdays=[str(own), "0"],
        ends="count",
        count="6",
    )
    recurrence = stored(book, weekly).recurrence
    assert recurrence
    assert recurrence.rules[0].startswith("FREQ=WEEKLY;INTERVAL=2")
    assert recurrence.rules[0].endswith("COUNT=6")
    monthly = planned(book, alice, repeat="MONTHLY", by_weekday="y", ends="never")
    page = alice.get(show(monthly)).text
    assert "Tous les mois, le" in page


def test_the_star_is_given_away_before_the_owner_leaves(
    book: AppointmentBook, alice: PanelClient
) -> None:
    claire, ivan = key(book, "claire"), key(book, "ivan")
    form = Form(alice, NEW).fill(**typed(book), add=[ivan]).press("add")
    form.press(f"remove:{claire}", 422)
    assert "donnez d’abord l’étoile" in form.page
    assert claire in form.fields["who"]
    form.press(f"owner:{ivan}").press(f"remove:{claire}").press("save")
    appointment = stored(book, int(form.where.rsplit("/", 1)[1]))
    assert [f"p{p.person_id}" for p in appointment.participants] == [ivan]


def test_a_rendez_vous_is_duplicated(book: AppointmentBook, alice: PanelClient) -> None:
    first = planned(book, alice, add=[key(book, "ivan")])
    form = Form(alice, f"{NEW}&copie={first}")
    assert 'value="Bilan"' in form.page
    form.fill(**typed(book, subject="Bilan bis")).press("insist")
    again = stored(book, int(form.where.rsplit("/", 1)[1]))
    assert again.uid != stored(book, first).uid
    assert again.person_ids == stored(book, first).person_ids


# -- changing -----------------------------------------------------------------------------


def test_a_change_is_seen_in_the_history(book: AppointmentBook, alice: PanelClient) -> None:
    made = planned(book, alice)
    form = Form(alice, show(made)).fill(**typed(book, start_time="14:00", end_time="15:00"))
    form.press("save")
    assert stored(book, made).span.start.hour == 14
    assert "Rendez-vous créé" in form.page
    assert "Date et horaires : «" in form.page
    assert "Alice Gestion" in form.page


def test_changes_of_two_people_to_other_fields_are_both_kept(
    book: AppointmentBook, alice: PanelClient, admin: PanelClient
) -> None:
    made = planned(book, alice)
    mine, theirs = Form(alice, show(made)), Form(admin, show(made))
    theirs.fill(**typed(book, location="Ailleurs")).press("save")
    mine.fill(**typed(book, subject="Autre objet"), add=[key(book, "ivan")]).press("save")
    appointment = stored(book, made)
    assert (appointment.subject, appointment.location) == ("Autre objet", "Ailleurs")
    assert len(appointment.participants) == 2
    assert "avait modifié entre-temps est gardé" in mine.page


def test_both_versions_are_shown_where_two_people_change_the_same(
    book: AppointmentBook, alice: PanelClient, admin: PanelClient
) -> None:
    made = planned(book, alice)
    mine, theirs = Form(alice, show(made)), Form(admin, show(made))
    theirs.fill(**typed(book, subject="Le leur")).press("save")
    mine.fill(**typed(book, subject="Le mien", notes="Ma note")).press("save", 409)
    assert "Le leur" in mine.page
    assert "Le mien" in mine.page
    assert stored(book, made).subject == "Le leur", "nothing was written"
    fields = typed(book, subject="Le mien", notes="Ma note", clash=["subject"])
    mine.fill(**fields).press("take:subject")
    assert 'id="subject" maxlength="500" name="subject" type="text" value="Le leur"' in mine.page
    mine.fill(**typed(book, subject="Le mien", notes="Ma note")).press("save")
    assert stored(book, made).subject == "Le mien"
    assert stored(book, made).notes == "Ma note"


def test_states_are_marked_and_undone(book: AppointmentBook, alice: PanelClient) -> None:
    made = planned(book, alice)
    form = Form(alice, show(made)).fill(**typed(book))
    form.press("state:TENU", 422)
    assert "une fois commencé" in form.page
    form.fill(subject="Pas encore enregistré").press("state:ANNULE")
    assert stored(book, made).state is State.CANCELLED
    assert "Pas encore enregistré" in form.page
    assert stored(book, made).subject == "Bilan"
    form.press("state:PLANIFIE")
    assert stored(book, made).state is State.PLANNED


def test_editors_record_answers_at_once(book: AppointmentBook, alice: PanelClient) -> None:
    made = planned(book, alice, add=[key(book, "ivan")])
    ivan = key(book, "ivan")
    Form(alice, show(made)).fill(**typed(book)).press(f"presence:{ivan}:DECLINED")
    answered = stored(book, made).participant(int(ivan[1:]))
    assert answered
    assert answered.presence is Presence.DECLINED


def test_the_corbeille_gives_back(book: AppointmentBook, alice: PanelClient) -> None:
    made = planned(book, alice)
    page = alice.post_form(f"/rendez-vous/{made}/corbeille").text
    assert "dans la corbeille depuis" in page
    page = alice.post_form(f"/rendez-vous/{made}/restauration").text
    assert "Annulé" in page
    assert alice.post_form(f"/rendez-vous/{made}/restauration").status_code == 404


# -- series -------------------------------------------------------------------------------


@pytest.fixture
def series(book: AppointmentBook, alice: PanelClient) -> int:
    return planned(book, alice, repeat="WEEKLY", ends="count", count="5", weekdays=[])


def date_of(book: AppointmentBook, weeks: int) -> str:
    return f"{day_of(book) + timedelta(weeks=weeks)}T10:00:00"


def on(book: AppointmentBook, weeks: int, **more: Any) -> dict[str, Any]:
    day = (day_of(book) + timedelta(weeks=weeks)).isoformat()
    return typed(book, start_day=day, end_day=day, **more)


def test_one_date_is_moved_alone(book: AppointmentBook, alice: PanelClient, series: int) -> None:
    form = Form(alice, show(series, date_of(book, 2)))
    form.fill(**on(book, 2, start_time="15:00", end_time="16:00"), scope="date").press("save")
    appointment = stored(book, series)
    assert [o.span.start.hour for o in appointment.occurrences] == [15]
    assert appointment.span.start.hour == 10
    form.fill(**on(book, 2), owner="p999").fill(scope="date").press("save", 422)
    assert "valent pour toute la série" in form.page


def test_a_date_and_those_that_follow_become_a_series_of_their_own(
    book: AppointmentBook, alice: PanelClient, series: int
) -> None:
    form = Form(alice, show(series, date_of(book, 2)))
    form.fill(**on(book, 2, subject="Nouvel objet"), scope="following").press("save")
    new = int(form.where.rsplit("/", 1)[1])
    assert new != series
    before, after = stored(book, series), stored(book, new)
    assert before.recurrence
    assert after.recurrence
    assert "UNTIL" in before.recurrence.rules[0]
    assert after.recurrence.rules == ("FREQ=WEEKLY;COUNT=3",)
    assert (before.subject, after.subject) == ("Bilan", "Nouvel objet")
    assert after.span.start.isoformat() == date_of(book, 2)
    assert after.person_ids == before.person_ids


def test_all_dates_are_moved_with_one(
    book: AppointmentBook, alice: PanelClient, series: int
) -> None:
    form = Form(alice, show(series, date_of(book, 1)))
    form.fill(**on(book, 1, start_time="10:30", end_time="11:30"), scope="all").press("save")
    appointment = stored(book, series)
    assert appointment.occurrences == ()
    assert appointment.span.start.isoformat() == date_of(book, 0).replace("10:00", "10:30")


def test_one_date_is_cancelled(book: AppointmentBook, alice: PanelClient, series: int) -> None:
    Form(alice, show(series, date_of(book, 1))).fill(**on(book, 1)).press("state:ANNULE")
    appointment = stored(book, series)
    assert appointment.state is State.PLANNED
    assert [o.state for o in appointment.occurrences] == [State.CANCELLED]
    assert "Annulé" in alice.get(show(series)).text


def test_dates_that_are_none_are_not_found(
    book: AppointmentBook, alice: PanelClient, series: int
) -> None:
    assert alice.get(show(series, "2026-01-01T10:00:00")).status_code == 422
    assert alice.get(show(series, "rien")).status_code == 404


# -- conflicts ----------------------------------------------------------------------------


def test_who_is_free_is_told_and_conflicts_are_confirmed(
    book: AppointmentBook, alice: PanelClient
) -> None:
    planned(book, alice)
    form = Form(alice, NEW).fill(**typed(book, subject="Second")).press("search")
    assert "déjà un rendez-vous" in form.page
    piece = alice.post_form("/rendez-vous/disponibilites", {**form.fields, "appointment": ""})
    assert "déjà un rendez-vous" in piece.text
    assert "<html" not in piece.text
    form.press("save", 409)
    assert "Enregistrer quand même" in form.page
    form.press("insist")
    assert "Conflits connus" in form.page


def test_what_blocks_is_refused(book: AppointmentBook, alice: PanelClient) -> None:
    rule = ConflictRule(code=ConflictCode.OVERLAP, blocking=True)
    with book.database.writing() as tx:
        tx.agency.save_setting("conflict_rules", (rule,))
    planned(book, alice)
    form = Form(alice, NEW).fill(**typed(book, subject="Second")).press("save", 409)
    assert "Conflit bloquant" in form.page
    assert "Enregistrer quand même" not in form.page
    form.press("insist", 409)


# -- access -------------------------------------------------------------------------------


def test_participants_read_and_answer(
    book: AppointmentBook, alice: PanelClient, claire: PanelClient, ivan: PanelClient
) -> None:
    made = planned(book, alice, notes="Pour l’agence seule")
    page = claire.get(show(made)).text
    assert "Bilan" in page
    assert "Pour l’agence seule" not in page
    assert "Enregistrer" not in page
    answer = {"presence": "TENTATIVE", "comment": "Plutôt le matin"}
    page = claire.post_form(f"/rendez-vous/{made}/reponse", answer).text
    assert "Votre réponse est enregistrée." in page
    assert stored(book, made).owner.comment == "Plutôt le matin"
    assert "Plutôt le matin" in alice.get(show(made)).text
    assert ivan.get(show(made)).status_code == 404, "who takes no part learns nothing"
    assert ivan.post_form(f"/rendez-vous/{made}/reponse", answer).status_code == 404
    assert ivan.get(show(999)).status_code == 404


@pytest.mark.parametrize("action", ["", "/corbeille", "/restauration"])
def test_clients_change_nothing(
    book: AppointmentBook, alice: PanelClient, claire: PanelClient, action: str
) -> None:
    made = planned(book, alice)
    answer = claire.post_form(f"/rendez-vous/{made}{action}", typed(book, subject="Piraté"))
    assert answer.status_code in (403, 404)
    assert stored(book, made).subject == "Bilan"
    assert stored(book, made).state is State.PLANNED


def test_who_plans_for_whom(
    claire: PanelClient, ivan: PanelClient, alice: PanelClient, logged_in: Any
) -> None:
    assert claire.get("/rendez-vous/nouveau").status_code == 403
    assert ivan.get(NEW).status_code == 404
    assert "Nouveau rendez-vous" in ivan.get("/rendez-vous/nouveau").text
    assert logged_in("nora").get("/rendez-vous/nouveau?personne=sophie").status_code == 404
    assert "Chez qui" in logged_in("nora").get("/rendez-vous/nouveau").text


def test_an_intervenant_plans_and_edits_what_he_owns(
    book: AppointmentBook, ivan: PanelClient
) -> None:
    form = Form(ivan, "/rendez-vous/nouveau").fill(**typed(book), add=[key(book, "alice")])
    form.press("save")
    made = int(form.where.rsplit("/", 1)[1])
    assert f"p{stored(book, made).owner.person_id}" == key(book, "ivan")
    form = Form(ivan, show(made)).fill(**typed(book, subject="Le mien")).press("save")
    assert stored(book, made).subject == "Le mien"
    form.fill(owner=key(book, "alice")).press("save")
    page = ivan.get(show(made)).text
    assert "Enregistrer" not in page, "what he gave away he only reads"
    assert "Votre réponse" in page


def test_nobody_is_added_whom_one_may_not_know(book: AppointmentBook, logged_in: Any) -> None:
    nora = logged_in("nora")
    sophie = key(book, "sophie")
    assert "Sophie" not in nora.get("/rendez-vous/personnes?words=sophie").text
    assert "Claire" in nora.get("/rendez-vous/personnes?words=CLAIRE").text
    form = Form(nora, NEW).fill(**typed(book), add=[sophie]).press("add")
    assert sophie not in form.fields["who"]
    forced = [*form.fields["who"], sophie]
    assert nora.post_form(NEW, {**form.fields, "who": forced, "do": "save"}).status_code == 403


def test_links_of_calendars_lead_here(book: AppointmentBook, alice: PanelClient) -> None:
    made = planned(book, alice)
    answer = alice.get(f"/rendez-vous/{stored(book, made).uid}")
    assert answer.location == f"/rendez-vous/{made}"
    assert alice.get("/rendez-vous/inconnu").status_code == 404


# -- mails --------------------------------------------------------------------------------


def test_each_participant_gets_a_message_of_his_own(
    book: AppointmentBook, alice: PanelClient
) -> None:
    made = planned(
        book, alice, add=[key(book, "paul"), key(book, "jean-dupont"), key(book, "marie-dupont")]
    )
    url = f"/rendez-vous/{made}/email"
    page = alice.get(url).text
    assert "sans adresse e-mail" in page
    assert "Note interne" not in page, "notes are never proposed to be mailed"
    everybody = [key(book, slug) for slug in ("claire", "paul", "jean-dupont", "marie-dupont")]
    typed = {"to": everybody, "subject": "Votre visite", "body": "Bonjour,\r\nà demain."}
    preview = alice.post_form(url, {**typed, "do": "preview"}).text
    assert preview.count("<article") == 3
    with book.database.reading() as tx:
        assert tx.outbox.of_appointment(made) == []
    page = alice.post_form(url, {**typed, "do": "send"}).text
    assert "3 messages sont prêts à partir." in page
    assert "en attente d’envoi" in page
    assert "Votre visite" in page
    with book.database.reading() as tx:
        rows = tx.outbox.of_appointment(made)
    assert sorted((row.recipient, row.recipient_name) for row in rows) == [
        ("claire@famille.example", "Claire Cliente"),
        ("dupont@famille.example", "Jean Dupont"),
        ("dupont@famille.example", "Marie Dupont"),
    ]
    assert {row.body for row in rows} == {"Bonjour,\nà demain."}


def test_participants_are_written_to_on_saving_where_that_is_ticked(
    book: AppointmentBook, alice: PanelClient
) -> None:
    with book.database.writing() as tx:
        tx.agency.save_setting(
            "appointment_defaults", AppointmentDefaults(invites_automatically=True)
        )
    form = Form(alice, NEW)
    assert re.search(r"checked[^>]*name=.invite", form.page)
    form.fill(**typed(book), add=[key(book, "ivan"), key(book, "alice")], invite="y").press("save")
    made = int(form.where.rsplit("/", 1)[1])
    with book.database.reading() as tx:
        rows = tx.outbox.of_appointment(made)
    assert {row.recipient for row in rows} == {"claire@famille.example", "ivan@agence.example"}
    assert not any("Note interne" in row.body for row in rows)


def test_odd_characters_and_numbers_do_no_harm(book: AppointmentBook, alice: PanelClient) -> None:
    made = planned(book, alice, subject="Bi\x00lan\u2028fin", notes="Un\x0b\r\ndeux")
    appointment = stored(book, made)
    assert appointment.subject == "Bilan fin"
    assert appointment.notes == "Un\ndeux"
    for url in (show(10**30), f"{NEW}&copie={10**30}", "/rendez-vous/nouveau?personne=rien"):
        assert alice.get(url).status_code == 404
    form = Form(alice, show(made)).fill(owner="g:x@y.example", who=["p" + "9" * 30, "q"])
    form.press("search")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"to": []}, "au moins un destinataire"),
        ({"subject": " "}, "Il faut un objet et un texte."),
        ({"subject": "x" * 251}, "trop long"),
        ({"subject": "Deux\nlignes"}, "ne peut pas être envoyé"),
    ],
)
def test_a_message_that_cannot_be_sent_is_kept(
    book: AppointmentBook, alice: PanelClient, fields: dict[str, Any], words: str
) -> None:
    made = planned(book, alice)
    typed = {"to": [key(book, "claire")], "subject": "Visite", "body": "À garder", "do": "send"}
    answer = alice.post_form(f"/rendez-vous/{made}/email", {**typed, **fields})
    assert answer.status_code == 422
    assert words in answer.text
    assert "À garder" in answer.text


def test_participants_write_to_nobody(
    book: AppointmentBook, alice: PanelClient, claire: PanelClient
) -> None:
    made = planned(book, alice)
    assert claire.get(f"/rendez-vous/{made}/email").status_code == 404
    assert claire.post_form(f"/rendez-vous/{made}/email", {"do": "send"}).status_code == 404


# -- with calendars -----------------------------------------------------------------------


def test_what_is_planned_here_is_in_calendars_and_the_other_way_round(
    book: AppointmentBook, alice: PanelClient
) -> None:
    made = planned(book, alice, add=[key(book, "ivan"), key(book, "alice")])
    texts: dict[str, calendars.CalendarObject] = {}
    with book.database.writing() as tx:
        actor = actor_for(tx, "alice", channel=Channel.CALDAV, device="Thunderbird")
        for slug in ("claire", "ivan", "alice"):
            objects = calendars.objects(tx, calendars.calendar(tx, actor, slug))
            texts[slug] = next(objects)
            assert "SUMMARY:Bilan" in texts[slug].text
        found = texts["alice"]
        day = f"{day_of(book):%Y%m%d}"
        moved = found.text.replace(f"{day}T100000", f"{day}T160000")
        moved = moved.replace(f"{day}T110000", f"{day}T170000")
        put_object(tx, actor, "alice", found.href, parse(moved), now=book.clock())
    page = alice.get(show(made)).text
    assert 'value="16:00"' in page
    assert "depuis un agenda" in page


def test_every_event_is_told_in_words() -> None:
    told = {name[1:] for name in vars(Historian) if name[1:2].isupper()}
    assert {kind.__name__ for kind in events.Event.__subclasses__()} == told
