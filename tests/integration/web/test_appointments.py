"""The form of a rendez-vous: planning and changing it, and nothing lost on the way."""

from __future__ import annotations

from datetime import timedelta

import pytest

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.domain.appointment import Presence, State
from rdv_caldav.domain.conflicts import ConflictCode, ConflictRule
from rdv_caldav.domain.errors import NotAParticipant
from rdv_caldav.services import appointments
from support.appointment_form import NEW, Form, day_of, key, planned, show, stored, typed
from support.panel import PanelClient


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


def test_a_form_that_is_sent_twice_plans_once(book: AppointmentBook, alice: PanelClient) -> None:
    form = Form(alice, NEW).fill(**typed(book))
    first = form.press("save").where
    again = Form(alice, NEW).fill(**typed(book), uid=stored(book, int(first.rsplit("/", 1)[1])).uid)
    assert again.press("save").where == first
    later = {"start_time": "15:00", "end_time": "16:00", "uid": "of my own"}
    odd = Form(alice, NEW).fill(**typed(book, **later)).press("save")
    assert odd.where != first
    assert stored(book, int(odd.where.rsplit("/", 1)[1])).uid != "of my own"


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


def test_what_was_typed_survives_the_corbeille(
    book: AppointmentBook, alice: PanelClient, admin: PanelClient
) -> None:
    made = planned(book, alice)
    form = Form(alice, show(made)).fill(**typed(book, subject="À garder"))
    admin.post_form(f"/rendez-vous/{made}/corbeille")
    form.press("save", 422)
    assert "à la corbeille entre-temps" in form.page
    assert "À garder" in form.page


def test_who_left_meanwhile_is_told_beside_the_participants(
    book: AppointmentBook, alice: PanelClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = planned(book, alice, add=[key(book, "ivan")])
    form = Form(alice, show(made)).fill(**typed(book, subject="À garder"))

    def refuse(*_args: object, **_more: object) -> None:
        raise NotAParticipant("gone between two looks")

    monkeypatch.setattr(appointments, "record_presence", refuse)
    form.press(f"presence:{key(book, 'ivan')}:DECLINED", 422)
    assert "ne participe pas" in form.page
    assert "À garder" in form.page


def test_odd_characters_and_numbers_do_no_harm(book: AppointmentBook, alice: PanelClient) -> None:
    made = planned(book, alice, subject="Bi\x00lan\u2028fin", notes="Un\x0b\r\ndeux")
    appointment = stored(book, made)
    assert appointment.subject == "Bilan fin"
    assert appointment.notes == "Un\ndeux"
    for url in (show(10**30), f"{NEW}&copie={10**30}", "/rendez-vous/nouveau?personne=rien"):
        assert alice.get(url).status_code == 404
    form = Form(alice, show(made)).fill(owner="g:x@y.example", who=["p" + "9" * 30, "q"])
    form.press("search")


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
