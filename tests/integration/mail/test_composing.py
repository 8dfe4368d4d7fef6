"""What a recipient reads, and what his program is told, when a queued message leaves."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from rdv_caldav.domain.agency import AgencySettings
from rdv_caldav.domain.appointment import (
    Participant,
    Presence,
    Recurrence,
    State,
)
from rdv_caldav.domain.errors import LinkRevoked, UnknownObject
from rdv_caldav.domain.mail_templates import MailTemplate, Occasion
from rdv_caldav.services import appointment_mails, appointments
from rdv_caldav.services.appointment_mails import Letter
from rdv_caldav.services.mailing import threads
from support.agency import FIRST, FOURTH, GUEST, SECOND, THIRD, WEEKLY, span
from support.desk import Desk
from support.mail_checker import calendar_of, check_mail, lines_of
from support.mailroom import INVITED, PUBLIC_URL, Mailroom, part_of

SERIES = replace(INVITED, recurrence=Recurrence(rules=WEEKLY.rules))
CLAIRE = "claire@famille.example"


def calendars(mailroom: Mailroom) -> list[str]:
    for mail in mailroom.sink.mails:
        check_mail(mail.raw)
    return [calendar_of(mail.raw) for mail in mailroom.sink.mails]


def queue(desk: Desk, planned: int, method: str, slug: str = "", **row: object) -> None:
    """Put a row as deciding does: for a person, or the guest."""
    person = desk.person(slug) if slug else None
    values: dict[str, object] = {
        "method": method,
        "appointment_id": planned,
        "original": None,
        "recipient": person.addresses[0] if person else GUEST,
        "recipient_name": person.name if person else "Invité",
        "recipient_key": f"person:{person.id}" if person else f"guest:{GUEST}",
        "sequence": 0,
        "now": desk.now,
        **row,
    }
    desk.tx.outbox.put(**values)  # type: ignore[arg-type]


def test_invitation_update_and_cancellation_are_one_thread(mailroom: Mailroom) -> None:
    planned = mailroom.plan("ivan")
    mailroom.send()
    mailroom.later(minutes=1)
    mailroom.revise(planned, span=span(26, 14), location="2 place du Modèle")
    mailroom.send()
    mailroom.later(minutes=1)
    mailroom.set_state(planned, State.CANCELLED)
    mailroom.send()
    texts = calendars(mailroom)
    assert [lines_of(text, "METHOD") for text in texts] == [
        ["METHOD:REQUEST"],
        ["METHOD:REQUEST"],
        ["METHOD:CANCEL"],
    ]
    numbers = [int(lines_of(text, "SEQUENCE")[0].partition(":")[2]) for text in texts]
    assert numbers == sorted(set(numbers))
    first, update, end = mailroom.mails()
    assert first["References"] is None
    assert update["In-Reply-To"] == first["Message-ID"]
    assert end["References"].split() == [first["Message-ID"], update["Message-ID"]]
    assert str(first["Subject"]).startswith("Invitation : Visite")
    assert str(update["Subject"]).startswith("Changement : Visite – jeudi 26 novembre")
    said = part_of(update, "text/plain")
    assert "Auparavant : mercredi 25 novembre 2026, 09:00 – 10:00" in said
    assert "Auparavant : 1 rue de l'Exemple" in said
    assert str(end["Subject"]).startswith("Annulé : Visite – jeudi 26 novembre")
    assert lines_of(texts[2], "DTSTART") == ["DTSTART:20261126T130000Z"]


def test_a_guest_reads_of_nobody_else_and_no_notes(mailroom: Mailroom) -> None:
    mailroom.set(notes_in_mails=True, notes_shown_to_clients=True)
    mailroom.plan("ivan")
    mailroom.send()
    (mail,) = mailroom.sink.mails
    (text,) = calendars(mailroom)
    page = part_of(mailroom.mails()[0], "text/html")
    for private in ("Note interne", "Claire", "Ivan", "X-RDV", "rendez-vous/1"):
        assert private not in text + page
    assert f"mailto:{GUEST}" in text
    assert mail.recipients == [GUEST]


def test_all_are_named_where_the_agency_wants_it_with_no_address_of_theirs(
    mailroom: Mailroom,
) -> None:
    mailroom.set(all_named_in_mails=True)
    other = Participant(address="autre@exterieur.example", name="Autre")
    mailroom.plan("ivan", plan=replace(INVITED, participants=(*INVITED.participants, other)))
    mailroom.send()
    for sunk in mailroom.sink.mails:
        check_mail(sunk.raw, all_attendees=True)
        text = calendar_of(sunk.raw)
        assert "Claire Cliente" in text
        addresses = {each.rpartition(":")[2] for each in lines_of(text, "ATTENDEE")}
        real = {each for each in addresses if not each.endswith(".invalid")}
        assert real == {sunk.recipients[0]}
        assert len(addresses) == 4
        assert "Avec : " in part_of(mailroom.mails()[0], "text/plain")


def test_a_person_with_an_account_reads_in_his_language_with_the_link(mailroom: Mailroom) -> None:
    mailroom.set(notes_in_mails=True)
    with mailroom.desk() as desk:
        planned = desk.plan("ivan", plan=replace(INVITED, participants=()))
        account = desk.tx.accounts.by_login("ivan")
        assert account is not None
        desk.tx.accounts.set_language(account.id, "en")
        queue(desk, planned, "REQUEST", "ivan")
        queue(desk, planned, "REQUEST", "claire")
    mailroom.send()
    calendars(mailroom)
    to_ivan, to_claire = mailroom.mails()
    assert str(to_ivan["Subject"]).startswith("Invitation: Visite – Wednesday, November 25")
    assert to_ivan["Content-Language"] == "en"
    assert "Note interne" in part_of(to_ivan, "text/calendar")
    assert f"{PUBLIC_URL}/rendez-vous/{planned}" in part_of(to_ivan, "text/plain")
    # a client reads notes only where clients read them in the panel, too
    assert "Note interne" not in part_of(to_claire, "text/calendar")


def test_the_answer_that_stands_is_told_and_a_new_time_asks_again(mailroom: Mailroom) -> None:
    planned = mailroom.plan()
    mailroom.send()
    with mailroom.desk() as desk:
        alice = desk.actor("alice")
        appointments.record_presence(
            desk.tx, alice, planned, GUEST, Presence.ACCEPTED, now=desk.now
        )
    mailroom.revise(planned, subject="Autre objet")
    mailroom.send()
    mailroom.revise(planned, span=span(26))
    mailroom.send()
    asked = [lines_of(text, "ATTENDEE")[0] for text in calendars(mailroom)]
    assert ["NEEDS-ACTION" in each for each in asked] == [True, False, True]
    said = [part_of(mail, "text/plain") for mail in mailroom.mails()]
    assert "Votre réponse reste enregistrée : acceptée" in said[1]
    assert "dire s’il vous convient" in said[2]
    with mailroom.desk() as desk:
        thread = desk.tx.mail_threads.of_recipient(planned, f"guest:{GUEST}")
    assert thread is not None
    # an answer to the first two is an answer to another time
    assert thread.time_sequence == thread.sequence == 2


def test_a_series_and_its_dates(mailroom: Mailroom) -> None:
    planned = mailroom.plan(plan=SERIES)
    mailroom.send()
    mailroom.revise_date(planned, SECOND, span=span().moved_to(SECOND + timedelta(hours=6)))
    mailroom.send()
    mailroom.set_state(planned, State.CANCELLED, original=THIRD)
    mailroom.send()
    whole, moved, off = calendars(mailroom)
    assert "RRULE:FREQ=WEEKLY" in whole
    assert lines_of(moved, "RECURRENCE-ID") == ["RECURRENCE-ID;TZID=Europe/Paris:20261202T090000"]
    assert lines_of(moved, "DTSTART;TZID=Europe/Paris") == [
        "DTSTART;TZID=Europe/Paris:20261202T150000"
    ]
    assert "FREQ=WEEKLY" not in moved
    assert "Auparavant : mercredi 2 décembre 2026, 09:00" in part_of(
        mailroom.mails()[1], "text/plain"
    )
    assert lines_of(off, "RECURRENCE-ID") == ["RECURRENCE-ID:20261209T080000Z"]
    with mailroom.desk() as desk:
        thread = desk.tx.mail_threads.of_recipient(planned, f"guest:{GUEST}")
    assert thread is not None
    # a moved date voids no answer to the others
    assert thread.time_sequence_of(None) == 0
    assert thread.time_sequence_of(SECOND) == 1


def test_a_guest_of_the_series_is_told_of_its_exceptions_in_one_mail(mailroom: Mailroom) -> None:
    planned = mailroom.plan(plan=SERIES)
    mailroom.revise_date(planned, SECOND, location="Ailleurs")
    mailroom.set_state(planned, State.CANCELLED, original=THIRD)
    mailroom.send()
    (text,) = calendars(mailroom)
    assert lines_of(text, "LOCATION") == ["LOCATION:1 rue de l'Exemple", "LOCATION:Ailleurs"]
    assert lines_of(text, "EXDATE") == ["EXDATE;TZID=Europe/Paris:20261209T090000"]
    assert [(row.status, row.problem) for row in mailroom.rows(planned)] == [
        ("sent", ""),
        ("skipped", "already-told"),
        ("skipped", "never-invited"),
    ]


def test_words_say_when_a_series_takes_place_and_what_was_answered(mailroom: Mailroom) -> None:
    """Whoever has no calendar program comes to the first date only, unless he reads of more."""
    planned = mailroom.plan(plan=SERIES)
    mailroom.set_state(planned, State.CANCELLED, THIRD)
    mailroom.send()
    with mailroom.desk() as desk:
        alice = desk.actor("alice")
        accepted = Presence.ACCEPTED
        appointments.record_presence(desk.tx, alice, planned, GUEST, accepted, now=desk.now)
    mailroom.revise(planned, subject="Autre objet")
    mailroom.send()
    daily = Recurrence(rules=("FREQ=DAILY;COUNT=30",))
    mailroom.revise(planned, recurrence=daily, occurrences=())
    mailroom.send()
    first, renamed, daily_mail = (part_of(mail, "text/plain") for mail in mailroom.mails())
    dates = [line for line in first.split("\r\n") if line.startswith("- ")]
    assert dates == [
        "- mercredi 25 novembre 2026, 09:00 – 10:00",
        "- mercredi 2 décembre 2026, 09:00 – 10:00",
        "- mercredi 16 décembre 2026, 09:00 – 10:00",
    ]
    assert "Votre réponse reste enregistrée : acceptée." in renamed
    # rule 5 asks him anew: nobody is told that there is nothing to do
    assert "Merci de nous dire s’il vous convient" in daily_mail
    assert daily_mail.count("\r\n- ") == 11
    assert "- …" in daily_mail


def test_a_series_that_repeats_otherwise_asks_again(mailroom: Mailroom) -> None:
    planned = mailroom.plan(plan=SERIES)
    mailroom.revise_date(planned, SECOND, location="Ailleurs")
    mailroom.send()
    mailroom.revise_date(planned, SECOND, location="Encore ailleurs")
    mailroom.send()
    mailroom.revise(planned, recurrence=Recurrence(rules=("FREQ=WEEKLY;COUNT=6",)))
    mailroom.send()
    _whole, date, longer = (part_of(mail, "text/plain") for mail in mailroom.mails())
    assert "Lieu : Encore ailleurs\r\nAuparavant : Ailleurs" in date
    assert "Auparavant" not in longer
    assert str(mailroom.mails()[2]["Subject"]).startswith("Changement")
    with mailroom.desk() as desk:
        thread = desk.tx.mail_threads.of_recipient(planned, f"guest:{GUEST}")
    assert thread is not None
    assert thread.time_sequence_of(None) == thread.time_sequence_of(SECOND) == thread.sequence


def test_who_is_invited_once_more_reads_of_no_change(mailroom: Mailroom) -> None:
    planned = mailroom.plan()
    mailroom.send()
    with mailroom.desk() as desk:
        queue(desk, planned, "REQUEST")
    mailroom.send()
    assert [str(mail["Subject"]).split()[0] for mail in mailroom.mails()] == ["Invitation"] * 2


@pytest.mark.parametrize(
    ("reason", "method", "original"),
    [
        ("not-taking-part", "REMINDER", None),
        ("cancelled", "REMINDER", SECOND),
        ("over", "REMINDER", FIRST),
        ("gone", "REQUEST", SECOND + timedelta(days=1)),
        ("never-invited", "CANCEL", FOURTH),
    ],
)
def test_what_makes_no_sense_any_more(
    mailroom: Mailroom, reason: str, method: str, original: datetime | None
) -> None:
    mailroom.set(invite_external_guests=False)
    planned = mailroom.plan(plan=SERIES)
    mailroom.set_state(planned, State.CANCELLED, original=SECOND)
    if reason == "over":
        mailroom.clock.now = span().starts_at
    with mailroom.desk() as desk:
        alice = desk.actor("alice")
        if reason == "not-taking-part":
            appointments.record_presence(
                desk.tx, alice, planned, GUEST, Presence.DECLINED, now=desk.now
            )
        queue(desk, planned, method, original=original)
    assert mailroom.send().skipped == 1
    assert mailroom.rows(planned)[-1].problem == reason


def test_a_removed_guest_is_told_of_what_he_knew(mailroom: Mailroom) -> None:
    planned = mailroom.plan("ivan")
    mailroom.send()
    with mailroom.desk() as desk:
        appointments.remove_participant(desk.tx, desk.actor("alice"), planned, GUEST, now=desk.now)
    mailroom.send()
    _request, end = calendars(mailroom)
    assert lines_of(end, "METHOD") == ["METHOD:CANCEL"]
    assert f":mailto:{GUEST}" in lines_of(end, "ATTENDEE")[0]


@pytest.mark.parametrize("method", ["REMINDER", "NOTICE", "MESSAGE"])
def test_plain_mails_have_no_calendar(mailroom: Mailroom, method: str) -> None:
    with mailroom.desk() as desk:
        planned = desk.plan("ivan", plan=replace(INVITED, participants=()))
        written = {"subject": "Bonjour", "body": "Un mot.\n"} if method == "MESSAGE" else {}
        queue(desk, planned, method, "ivan", **written)
    mailroom.send()
    (sunk,), (mail,) = mailroom.sink.mails, mailroom.mails()
    check_mail(sunk.raw, automatic=method != "MESSAGE")
    assert b"BEGIN:VCALENDAR" not in sunk.raw
    # who reads it in his calendar answers there
    assert ("/r/" in part_of(mail, "text/plain")) == (method == "REMINDER")
    if method == "NOTICE":
        assert "Claire Cliente" in part_of(mail, "text/plain")


def test_what_somebody_wrote_is_sent_as_it_is(mailroom: Mailroom) -> None:
    with mailroom.desk() as desk:
        planned = desk.plan("ivan", plan=replace(INVITED, participants=()))
        letter = Letter(subject="Clés", body="Merci d'apporter les clés.\n")
        claire = desk.person("claire")
        appointment_mails.send(
            desk.tx, desk.actor("alice"), planned, [claire.id], lambda _: letter, now=desk.now
        )
    mailroom.send()
    (mail,) = mailroom.mails()
    check_mail(mailroom.sink.mails[0].raw, automatic=False)
    assert (mail["Subject"], mail["To"]) == ("Clés", f"Claire Cliente <{CLAIRE}>")
    assert mail["List-Unsubscribe"] is None
    assert part_of(mail, "text/plain") == "Merci d'apporter les clés.\r\n"


def test_a_template_that_fails_gives_way_and_is_reported(mailroom: Mailroom) -> None:
    with mailroom.desk() as desk:
        broken = MailTemplate(
            name="Cassé",
            occasion=Occasion.INVITATION,
            subject="x",
            text="{% for each in (1..99999) %}x{% endfor %}",
        )
        kept = replace(broken, id=desk.tx.mail_templates.add(broken))
        desk.tx.mail_templates.choose_default(kept, chosen=True)
    planned = mailroom.plan()
    mailroom.send()
    (row,) = mailroom.rows(planned)
    assert row.status == "sent"
    assert "template" in row.problem
    assert "endless" in row.problem
    assert str(mailroom.mails()[0]["Subject"]).startswith("Invitation : Visite")


def test_a_template_with_the_link_gets_no_buttons(mailroom: Mailroom) -> None:
    with mailroom.desk() as desk:
        own = MailTemplate(
            name="Court",
            occasion=Occasion.INVITATION,
            subject="Invitation",
            text="Répondez ici : {{ lien_reponse }}",
            html="<style>p { color: #123456 }</style><p>{{ lien_reponse }}</p>",
        )
        kept = replace(own, id=desk.tx.mail_templates.add(own))
        desk.tx.mail_templates.choose_default(kept, chosen=True)
    mailroom.plan()
    mailroom.send()
    (mail,) = mailroom.mails()
    check_mail(mailroom.sink.mails[0].raw)
    assert part_of(mail, "text/plain").count("/r/") == 1
    page = part_of(mail, "text/html")
    assert "cid:" not in page
    assert '<p style="color: #123456' in page


# -- threads ------------------------------------------------------------------------------


def test_each_recipient_answers_to_an_address_of_his_own(mailroom: Mailroom) -> None:
    mailroom.set(answers_domain="reponses.agence.example")
    planned = mailroom.plan()
    mailroom.send()
    (sunk,), (mail,) = mailroom.sink.mails, mailroom.mails()
    check_mail(sunk.raw)
    token = threads.token_of(sunk.sender.upper())
    assert token is not None
    assert sunk.sender in str(mail["From"])
    with mailroom.desk() as desk:
        thread = desk.tx.mail_threads.by_token(token)
        assert thread is not None
        assert (thread.appointment_id, thread.participant_key) == (planned, GUEST)
        settings = AgencySettings(answers_domain="reponses.agence.example")
        assert threads.answer_address(thread, settings) == sunk.sender
    for other in ("rdv@agence.example", f"rdv-{token}1@x.example", f"rdv-{token}", "x@y"):
        assert threads.token_of(other) is None


def test_links_hold_until_they_are_revoked(mailroom: Mailroom) -> None:
    with mailroom.desk() as desk, pytest.raises(UnknownObject):
        threads.thread_of_link(desk.tx, "WzEsMF0.abc")
    mailroom.plan()
    mailroom.send()
    said = part_of(mailroom.mails()[0], "text/plain")
    link = next(line for line in said.split() if line.startswith(PUBLIC_URL))
    signed = link.rpartition("/")[2]
    with mailroom.desk() as desk:
        thread = threads.thread_of_link(desk.tx, signed)
        assert thread.participant_key == GUEST
        for forged in (signed[:-1], f"{signed}x", "", "x" * 500, "WzEsMF0.é"):
            with pytest.raises(UnknownObject):
                threads.thread_of_link(desk.tx, forged)
        desk.tx.mail_threads.revoke_link(thread.id)
        with pytest.raises(LinkRevoked):
            threads.thread_of_link(desk.tx, signed)


def test_without_a_public_url_there_is_no_link(mailroom: Mailroom) -> None:
    mailroom.set(public_url="")
    mailroom.plan()
    mailroom.send()
    (mail,) = mailroom.mails()
    check_mail(mailroom.sink.mails[0].raw)
    assert "/r/" not in part_of(mail, "text/plain")
    assert "depuis votre messagerie" in part_of(mail, "text/plain")
    assert mail["List-Unsubscribe"] is None
