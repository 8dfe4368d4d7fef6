"""The page that the link in a mail opens: looked at, answered, changed, and void."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.domain.appointment import Participant, Presence, Recurrence, State
from rdv_caldav.services.mailing.answer_page import LONGEST_COMMENT
from rdv_caldav.services.mailing.outcomes import Result
from rdv_web import create_app
from support.agency import FIRST, GUEST, SECOND, WEEKLY, span
from support.mailroom import INVITED, Mailroom, part_of
from support.panel import PanelClient
from support.postroom import Postroom
from support.scenario import Clock
from support.smtp_sink import smtp_sink
from support.statements import counted

SERIES = replace(INVITED, recurrence=Recurrence(rules=WEEKLY.rules))
_LINK = re.compile(r"https://rdv\.example(/r/[\w.-]+)")
_SEEN = re.compile(r'name="seen" value="(\w+)"')


@dataclass
class Guest:
    """Somebody with a mail and a browser, and no account."""

    mailroom: Mailroom
    browser: PanelClient
    planned: int
    link: str

    def look(self, path: str = "", **how: Any) -> TestResponse:
        return self.browser.get(self.link + path, **how)

    def answer(
        self, presence: str = "ACCEPTED", *, number: int = 0, seen: str | None = None, **fields: str
    ) -> TestResponse:
        """Press a button of the page as it stands; ``number`` of which form."""
        shown = _SEEN.findall(self.look().text)
        known = shown[number] if seen is None else seen
        data = {"answer": presence, "seen": known, **fields}
        return self.browser.post(self.link, data=data, follow_redirects=True)

    def own(self, original: datetime | None = None) -> Participant:
        with self.mailroom.desk() as desk:
            appointment = desk.appointment(self.planned)
        details = appointment if original is None else appointment.occurrence(original)
        found = (details or appointment).participant(GUEST)
        assert found is not None
        return found


def link_in_last_mail(mailroom: Mailroom) -> str:
    mailroom.send()
    found = _LINK.search(part_of(mailroom.mails()[-1], "text/plain"))
    assert found is not None
    return found[1]


@pytest.fixture
def mailroom(book: AppointmentBook, clock: Clock) -> Iterator[Mailroom]:
    with smtp_sink() as sink:
        yield Mailroom(book, clock, sink)


@pytest.fixture
def guest(mailroom: Mailroom, browser: PanelClient) -> Guest:
    """Who was invited to a visit."""
    planned = mailroom.plan("ivan")
    return Guest(mailroom, browser, planned, link_in_last_mail(mailroom))


@pytest.fixture
def series_guest(mailroom: Mailroom, browser: PanelClient) -> Guest:
    """Who was invited to four visits."""
    planned = mailroom.plan("ivan", plan=SERIES)
    return Guest(mailroom, browser, planned, link_in_last_mail(mailroom))


def test_looking_shows_what_is_asked_and_changes_nothing(guest: Guest) -> None:
    with guest.mailroom.desk() as desk:
        before = [desk.tx.appointments.get(guest.planned), len(desk.tx.outbox.of_appointment(1))]
        entries = len(desk.tx.journal.entries_for(guest.planned))
    shown = guest.look()
    assert shown.status_code == 200
    for words in ("Agence de test vous invite", "Visite", "25 nov. 2026, 09:00 – 10:00", "Sans"):
        assert words in shown.text
    assert "1 rue de l&#39;Exemple" in shown.text
    assert "Note interne" not in shown.text
    assert "checked" not in shown.text
    assert "<script" not in shown.text
    assert guest.browser.head(guest.link).status_code == 200
    for path in ("?answer=ACCEPTED", "/rendez-vous.ics", "/stop"):
        assert guest.look(path).status_code == 200
    with guest.mailroom.desk() as desk:
        after = [desk.tx.appointments.get(guest.planned), len(desk.tx.outbox.of_appointment(1))]
        assert after == before
        assert len(desk.tx.journal.entries_for(guest.planned)) == entries
        assert not desk.tx.mail_threads.stopped([GUEST])
    assert shown.headers["Referrer-Policy"] == "no-referrer"
    assert "noindex" in shown.headers["X-Robots-Tag"]
    assert shown.headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in shown.headers["Content-Security-Policy"]


def test_an_answer_is_kept_and_can_be_changed(guest: Guest) -> None:
    saved = guest.answer("TENTATIVE", comment="Sous réserve")
    assert "Votre réponse est enregistrée" in saved.text
    assert (guest.own().presence, guest.own().comment) == (Presence.TENTATIVE, "Sous réserve")
    assert "Sous réserve</textarea>" in guest.look().text
    guest.mailroom.later(minutes=5)
    guest.answer("DECLINED", comment="")
    assert (guest.own().presence, guest.own().comment) == (Presence.DECLINED, "")
    with guest.mailroom.desk() as desk:
        entries = desk.tx.journal.entries_for(guest.planned)
    told = [each for each in entries if each.event == "PresenceRecorded"]
    assert {(each.channel, each.device, each.login) for each in told} == {("mail", "lien", GUEST)}


def test_a_mail_that_was_written_before_an_answer_counts_no_more(
    mailroom: Mailroom, browser: PanelClient
) -> None:
    postroom = Postroom(mailroom)
    planned, invitation = postroom.invite()
    early = postroom.reply(invitation, "ACCEPTED")
    mailroom.later(minutes=5)
    guest = Guest(mailroom, browser, planned, link_in_last_mail(mailroom))
    guest.answer("DECLINED")
    assert postroom.take(early).result is Result.OUT_OF_ORDER
    assert guest.own().presence is Presence.DECLINED
    mailroom.later(minutes=5)
    assert postroom.answer(invitation, "TENTATIVE").result is Result.APPLIED
    assert guest.own().presence is Presence.TENTATIVE


def test_a_comment_that_is_too_long_is_refused_and_stays(guest: Guest) -> None:
    typed = "long " * LONGEST_COMMENT
    refused = guest.answer("ACCEPTED", comment=typed)
    assert refused.status_code == 422
    assert "trop long" in refused.text
    assert typed.strip() in refused.text
    assert guest.own().presence is Presence.NEEDS_ACTION


@pytest.mark.parametrize("fields", [{"answer": "NEEDS-ACTION"}, {"answer": "x"}, {"date": "hier"}])
def test_what_no_button_says_is_refused(guest: Guest, fields: dict[str, Any]) -> None:
    presence = fields.pop("answer", "ACCEPTED")
    assert guest.answer(presence, **fields).status_code in (409, 422)
    assert guest.own().presence is Presence.NEEDS_ACTION


def test_moved_between_looking_and_answering(guest: Guest) -> None:
    seen = _SEEN.findall(guest.look().text)[0]
    guest.mailroom.revise(guest.planned, span=span(26, 14))
    shown = guest.look().text
    assert "26 nov. 2026, 14:00" in shown
    assert "Auparavant : mer. 25 nov. 2026, 09:00 – 10:00" in shown
    late = guest.answer("ACCEPTED", seen=seen, comment="Je viens")
    assert late.status_code == 409
    assert "a changé entre-temps" in late.text
    assert "Je viens</textarea>" in late.text
    assert guest.own().presence is Presence.NEEDS_ACTION
    assert guest.answer("ACCEPTED").status_code == 200
    assert guest.own().presence is Presence.ACCEPTED


def test_times_are_those_of_the_agencys_clock(guest: Guest) -> None:
    guest.mailroom.revise(guest.planned, span=replace(span(26, 14), zone="America/New_York"))
    assert "26 nov. 2026, 20:00 – 21:00" in guest.look().text


def test_a_series_is_answered_as_a_whole_and_by_date(series_guest: Guest) -> None:
    shown = series_guest.look().text
    assert len(_SEEN.findall(shown)) == 5
    series_guest.answer("ACCEPTED", comment="Toujours")
    series_guest.mailroom.later(minutes=1)
    answered = series_guest.answer("DECLINED", number=2, date=SECOND.isoformat())
    assert answered.status_code == 200
    assert series_guest.own().presence is Presence.ACCEPTED
    assert series_guest.own(SECOND).presence is Presence.DECLINED
    series_guest.mailroom.later(days=4)
    assert len(_SEEN.findall(series_guest.look().text)) == 4
    over = series_guest.answer("DECLINED", number=1, date=FIRST.isoformat())
    assert over.status_code == 409


def test_of_a_single_date_nothing_but_that_date_is_shown(
    mailroom: Mailroom, browser: PanelClient
) -> None:
    planned = mailroom.plan(plan=replace(SERIES, participants=()))
    with mailroom.desk() as desk:
        owners = desk.appointment(planned).participants
    guests = (*owners, Participant(address=GUEST, name="Invité"))
    mailroom.revise_date(planned, SECOND, participants=guests)
    guest = Guest(mailroom, browser, planned, link_in_last_mail(mailroom))
    shown = guest.look().text
    assert len(_SEEN.findall(shown)) == 1
    assert "2 déc. 2026" in shown
    assert "9 déc. 2026" not in shown
    guest.answer("ACCEPTED", date=SECOND.isoformat())
    assert guest.own(SECOND).presence is Presence.ACCEPTED
    text = guest.look("/rendez-vous.ics").text
    assert text.count("BEGIN:VEVENT") == 1
    assert "RECURRENCE-ID" in text


def test_what_cannot_be_answered_says_so(guest: Guest) -> None:
    seen = _SEEN.findall(guest.look().text)[0]
    guest.mailroom.set_state(guest.planned, State.CANCELLED)
    assert "est annulé" in guest.look().text
    assert guest.answer(seen=seen).status_code == 409
    assert guest.look("/rendez-vous.ics").status_code == 404
    guest.mailroom.set_state(guest.planned, State.PLANNED)
    guest.mailroom.later(days=3)
    assert "est passé" in guest.look().text
    assert not _SEEN.findall(guest.look().text)
    assert guest.answer(seen=seen).status_code == 409
    assert guest.own().presence is Presence.NEEDS_ACTION


def test_who_is_no_longer_invited_learns_nothing(guest: Guest) -> None:
    with guest.mailroom.desk() as desk:
        others = tuple(p for p in desk.appointment(guest.planned).participants if p.key != GUEST)
    guest.mailroom.revise(guest.planned, participants=others, subject="Autre chose", span=span(27))
    shown = guest.look()
    assert shown.status_code == 410
    assert "plus invité" in shown.text
    assert "Autre chose" not in shown.text
    assert "27 nov." not in shown.text


def test_links_that_lead_nowhere(guest: Guest) -> None:
    cut, forged = guest.link[:-4], guest.link[:-4] + "AAAA"
    for link in (cut, forged, "/r/x", "/r/" + "A" * 300 + ".b", "/r/é.a"):
        for path in ("", "/stop", "/rendez-vous.ics"):
            answer = guest.browser.get(link + path)
            assert answer.status_code == 404, link + path
            assert "ne mène à rien" in answer.text
        assert guest.browser.post(link, data={"answer": "ACCEPTED"}).status_code == 404
        assert guest.browser.post(f"{link}/stop").status_code == 404
    with guest.mailroom.desk() as desk:
        thread = desk.tx.mail_threads.of_appointment(guest.planned)[0]
        desk.tx.mail_threads.revoke_link(thread.id)
    revoked = guest.look()
    assert revoked.status_code == 410
    assert "nouvelle invitation" in revoked.text
    assert guest.browser.post(guest.link, data={"answer": "ACCEPTED"}).status_code == 410
    assert guest.own().presence is Presence.NEEDS_ACTION


def test_what_is_no_link_asks_no_database(guest: Guest) -> None:
    guest.browser.get("/r/x")  # settings are read once
    with counted(guest.mailroom.book) as statements:
        guest.browser.get("/r/x")
    assert len(statements) <= 2, statements


def test_the_module_takes_the_page_along(guest: Guest) -> None:
    guest.mailroom.set(module_enabled=False)
    shown = guest.look()
    assert shown.status_code == 404
    assert "sont fermées" in shown.text
    assert "Visite" not in shown.text


def test_another_site_answers_nothing(guest: Guest) -> None:
    seen = _SEEN.findall(guest.look().text)[0]
    data = {"answer": "ACCEPTED", "seen": seen}
    headers = {"Sec-Fetch-Site": "cross-site"}
    assert guest.browser.post(guest.link, data=data, headers=headers).status_code == 403
    stop = guest.browser.post(f"{guest.link}/stop", data={"do": "stop"}, headers=headers)
    assert stop.status_code == 403
    assert guest.own().presence is Presence.NEEDS_ACTION
    headers = {"Sec-Fetch-Site": "same-origin"}
    assert guest.browser.post(guest.link, data=data, headers=headers).status_code == 303
    assert guest.own().presence is Presence.ACCEPTED


def test_the_file_is_the_object_of_the_invitation(guest: Guest) -> None:
    guest.answer("ACCEPTED")
    answer = guest.look("/rendez-vous.ics")
    assert answer.content_type == "text/calendar; charset=utf-8"
    lines = answer.text.replace("\r\n ", "").split("\r\n")
    with guest.mailroom.desk() as desk:
        uid = desk.appointment(guest.planned).uid
    assert f"UID:{uid}" in lines
    assert "SEQUENCE:0" in lines
    assert not [line for line in lines if line.startswith(("METHOD", "DESCRIPTION"))]
    (attendee,) = (line for line in lines if line.startswith("ATTENDEE"))
    assert attendee.endswith(f":mailto:{GUEST}")
    assert "PARTSTAT=ACCEPTED" in attendee


@pytest.mark.parametrize("fields", [{"do": "stop"}, {"List-Unsubscribe": "One-Click"}])
def test_mails_are_stopped_and_taken_again(guest: Guest, fields: dict[str, str]) -> None:
    with guest.mailroom.desk() as desk:
        thread = desk.tx.mail_threads.of_appointment(guest.planned)[0]
        desk.tx.mail_threads.revoke_link(thread.id)  # that of an old mail does
    answer = guest.browser.post(f"{guest.link}/stop", data=fields)
    assert answer.status_code == (303 if "do" in fields else 200)
    assert "n’écrit plus" in guest.look("/stop").text
    guest.mailroom.later(minutes=1)
    guest.mailroom.revise(guest.planned, span=span(26))
    sent = len(guest.mailroom.sink.mails)
    guest.mailroom.send()
    assert len(guest.mailroom.sink.mails) == sent
    guest.browser.post(f"{guest.link}/stop", data={"do": "resume"})
    assert "Ne plus recevoir" in guest.look("/stop").text
    with guest.mailroom.desk() as desk:
        assert not desk.tx.mail_threads.stopped([GUEST])


def test_the_language_is_chosen_or_that_of_the_recipient(
    mailroom: Mailroom, app: Flask, guest: Guest
) -> None:
    assert guest.look().text.count('lang="fr"') >= 1
    english = {"Accept-Language": "en-GB,en;q=0.9"}
    assert "invites you" in guest.look(headers=english).text
    assert "Accept" in guest.look("?lang=en").text
    assert "invites you" in guest.look().text, "what was chosen holds"
    mailroom.set(language="en")
    fresh = create_app(mailroom.book).test_client()
    assert "invites you" in fresh.get(guest.link).text
    assert "vous invite" in fresh.get(guest.link, headers={"Accept-Language": "fr"}).text


def test_on_each_database(any_book: AppointmentBook, clock: Clock) -> None:
    with smtp_sink() as sink:
        mailroom = Mailroom(any_book, clock, sink)
        app = create_app(mailroom.book)
        app.test_client_class = PanelClient
        browser = app.test_client()
        assert isinstance(browser, PanelClient)
        guest = Guest(mailroom, browser, mailroom.plan(plan=SERIES), link_in_last_mail(mailroom))
        assert guest.answer("ACCEPTED", comment="Oui").status_code == 200
        mailroom.later(minutes=1)
        assert guest.answer("DECLINED", number=1, date=FIRST.isoformat()).status_code == 200
        assert guest.own(FIRST).presence is Presence.DECLINED
        assert browser.post(f"{guest.link}/stop").status_code == 303
        with mailroom.desk() as desk:
            assert desk.tx.mail_threads.stopped([GUEST])
