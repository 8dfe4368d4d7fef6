"""Whom a mail reaches, and what of others it tells: what changes while a message waits, too."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from email import message_from_bytes, policy

import pytest

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.db.outbox import OutboxMessage
from rdv_caldav.domain.agency import PersonKind
from rdv_caldav.domain.appointment import Participant, Span
from rdv_caldav.domain.errors import LinkRevoked
from rdv_caldav.domain.mail_templates import MailTemplate, Occasion
from rdv_caldav.domain.mailing import ContactBy
from rdv_caldav.services import agency_settings, people, template_filling
from rdv_caldav.services.appointment_mails import recipients
from rdv_caldav.services.appointment_pages import open_page
from rdv_caldav.services.mailing import threads
from rdv_caldav.services.mailing.outcomes import Result
from rdv_caldav.services.mailing.sending import SentCount
from rdv_caldav.services.people import FicheDraft
from rdv_radicale.application import create_app
from support.agency import GUEST
from support.dav import DavClient
from support.desk import PLAN
from support.mail_checker import calendar_of, check_mail, lines_of
from support.mailroom import INVITED, Mailroom, part_of
from support.postroom import SECOND, WEEKLY, Postroom
from support.scenario import Clock
from support.smtp_sink import Drop, SmtpSink
from support.sunk_mails import SunkMail

CLAIRE = "claire@famille.example"
PRIVATE = "autre@exterieur.example"


def row_to(mailroom: Mailroom, planned: int, slug: str) -> OutboxMessage:
    with mailroom.desk() as desk:
        key = f"person:{desk.person(slug).id}"
    return [each for each in mailroom.rows(planned) if each.recipient_key == key][-1]


def mails_to(mailroom: Mailroom, address: str) -> list[SunkMail]:
    found = [each for each in mailroom.sink.mails if each.recipients == [address]]
    for each in found:
        check_mail(each.raw, all_attendees=True)
    return found


def link_in(mail: SunkMail) -> str:
    words = part_of(message_from_bytes(mail.raw, policy=policy.default), "text/plain").split()
    return next(each for each in words if "/r/" in each).rpartition("/")[2]


# -- what it tells of others --------------------------------------------------------------


@pytest.mark.parametrize("named", [True, False])
def test_no_mail_tells_the_address_of_another_guest(mailroom: Mailroom, named: bool) -> None:
    mailroom.set(all_named_in_mails=named, invite_persons=True)
    # that is what programs write who know no name
    other = Participant(address=PRIVATE, name=PRIVATE)
    mailroom.plan("ivan", plan=replace(INVITED, participants=(*INVITED.participants, other)))
    mailroom.send()
    read = [each for each in mailroom.mails() if PRIVATE not in str(each["To"])]
    assert len(read) > 1
    for mail in read:
        for kind in ("text/plain", "text/html", "text/calendar"):
            said = part_of(mail, kind).replace("\r\n ", "")
            assert PRIVATE not in said
            if "ivan@" not in str(mail["To"]):
                assert ("Ivan" in said) is named


def test_what_somebody_writes_names_others_to_staff_alone(mailroom: Mailroom) -> None:
    letter = MailTemplate(
        name="L",
        occasion=Occasion.MESSAGE,
        language="fr",
        subject="Mot",
        text="Avec {{ participants | default: 'vous seul' }}, de {{ proprietaire | default: '–' }}",
    )
    planned = mailroom.plan("ivan")
    with mailroom.desk() as desk:
        page = open_page(desk.tx, desk.actor("alice"), planned)
        said = {
            each.key: template_filling.compose(desk.tx, page, letter, each).text
            for each in recipients(page)
        }
        claire, ivan = desk.person("claire").id, desk.person("ivan").id
    assert said[claire] == said[GUEST] == "Avec vous seul, de –\n"
    assert "Claire Cliente" in said[ivan]


# -- when and where -----------------------------------------------------------------------


def test_times_are_by_the_agencys_clock_whatever_a_program_wrote(mailroom: Mailroom) -> None:
    start = datetime(2027, 3, 1, 9)
    in_utc = Span(start=start, end=start.replace(hour=10), zone="UTC")
    planned = mailroom.plan(plan=replace(INVITED, span=in_utc))
    mailroom.send()
    assert "lundi 1er mars 2027, 10:00 – 11:00" in str(mailroom.mails()[-1]["Subject"])
    # the same time by another clock is no other time
    mailroom.revise(planned, span=in_utc.on_clock_of("Europe/Paris"), location="Ailleurs")
    mailroom.send()
    said = part_of(mailroom.mails()[-1], "text/plain")
    assert "Auparavant : 1 rue de l'Exemple" in said
    assert "Auparavant : lundi" not in said


@pytest.mark.parametrize(
    "url", ["https://rdv.agencé.example", "https://rdv.example/" + "x" * 600, "rdv.example", ""]
)
def test_nobody_goes_without_a_mail_for_a_link_that_cannot_be_used(
    mailroom: Mailroom, url: str
) -> None:
    mailroom.set(public_url=url)
    mailroom.plan()
    assert mailroom.send() == SentCount(sent=1)
    check_mail(mailroom.sink.mails[0].raw)


def test_a_page_that_is_too_large_gives_way_to_the_shipped_one(mailroom: Mailroom) -> None:
    # within what is checked when it is saved: it grows with those who take part
    page = "{% for each in liste_participants %}" + "<b>x</b>" * 200 + "{% endfor %}<p>Page</p>"
    mailroom.set(all_named_in_mails=True)
    with mailroom.desk() as desk:
        desk.tx.mail_templates.add(
            MailTemplate(
                name="M",
                occasion=Occasion.INVITATION,
                language="fr",
                subject="S",
                text="T",
                html=page,
                is_default=True,
            )
        )
    guests = tuple(Participant(address=f"i{n}@exterieur.example", name="I") for n in range(10))
    planned = mailroom.plan(plan=replace(PLAN, participants=guests))
    assert mailroom.send() == SentCount(sent=10)
    assert "Invitation à un rendez-vous" in part_of(mailroom.mails()[0], "text/html")
    assert "too many tags" in mailroom.rows(planned)[0].problem


# -- whom it reaches ----------------------------------------------------------------------


def test_an_address_that_was_put_right_gets_what_came_back(mailroom: Mailroom) -> None:
    mailroom.set(invite_persons=True, invite_external_guests=False)
    mailroom.sink.reject(CLAIRE)
    planned = mailroom.plan()
    assert mailroom.send() == SentCount(failed=1)
    with mailroom.desk() as desk:
        desk.tx.people.update(replace(desk.person("claire"), addresses=("juste@famille.example",)))
        (row,) = desk.tx.outbox.of_appointment(planned)
        assert desk.tx.outbox.requeue(row.id, now=desk.now)
    assert mailroom.send() == SentCount(sent=1)
    (mail,) = mails_to(mailroom, "juste@famille.example")
    assert "juste@famille.example" in lines_of(calendar_of(mail.raw), "ATTENDEE")[0]
    with mailroom.desk() as desk:
        (thread,) = desk.tx.mail_threads.of_appointment(planned)
    assert thread.address == "juste@famille.example"


def test_links_sent_to_a_wrong_address_hold_no_more(mailroom: Mailroom) -> None:
    mailroom.set(invite_persons=True, invite_external_guests=False)
    planned = mailroom.plan()
    mailroom.send()
    mailroom.revise(planned, location="Ailleurs")
    mailroom.send()
    with mailroom.desk() as desk:
        desk.tx.people.update(replace(desk.person("claire"), addresses=("juste@famille.example",)))
    mailroom.revise(planned, location="Encore ailleurs")
    mailroom.send()
    first, update = (link_in(each) for each in mails_to(mailroom, CLAIRE))
    (right,) = mails_to(mailroom, "juste@famille.example")
    assert first == update != link_in(right)
    with mailroom.desk() as desk:
        assert threads.thread_of_link(desk.tx, link_in(right)).address == "juste@famille.example"
        with pytest.raises(LinkRevoked):
            threads.thread_of_link(desk.tx, first)


def test_what_was_perhaps_sent_is_sent_again_as_it_was(mailroom: Mailroom) -> None:
    mailroom.set(invite_persons=True, invite_external_guests=False)
    mailroom.sink.drop(Drop.TAKEN)
    planned = mailroom.plan()
    assert mailroom.send() == SentCount(postponed=1)
    with mailroom.desk() as desk:
        desk.tx.people.update(replace(desk.person("claire"), addresses=("juste@famille.example",)))
    mailroom.later(minutes=1)
    assert mailroom.send() == SentCount(sent=1)
    assert row_to(mailroom, planned, "claire").recipient == CLAIRE


@pytest.mark.parametrize("why", ["archived", "no-address", "unwanted"])
def test_who_is_not_to_be_written_to_any_more_is_not(mailroom: Mailroom, why: str) -> None:
    mailroom.set(invite_persons=True, invite_external_guests=False)
    planned = mailroom.plan()
    with mailroom.desk() as desk:
        claire = desk.person("claire")
        if why == "unwanted":
            desk.tx.people.save_details(
                claire.id, phone="", notes="", language="", contact_by=ContactBy.NONE
            )
        elif why == "archived":
            desk.tx.people.update(replace(claire, active=False))
        else:
            desk.tx.people.update(replace(claire, addresses=()))
    assert mailroom.send() == SentCount(skipped=1)
    assert row_to(mailroom, planned, "claire").problem == "unreachable"
    assert mailroom.sink.mails == []


# -- a guest who gets a fiche -------------------------------------------------------------


@pytest.mark.parametrize("persons_too", [True, False])
@pytest.mark.parametrize("edit", ["Visite", "Autre objet"])
def test_a_guest_who_has_a_fiche_now_is_not_called_off(
    any_book: AppointmentBook, clock: Clock, sink: SmtpSink, edit: str, persons_too: bool
) -> None:
    """A program names him by the same address: to him nothing happened but the edit."""
    mailroom = Mailroom(any_book, clock, sink)
    mailroom.set(invite_persons=persons_too)
    planned = mailroom.plan()
    mailroom.send()
    with mailroom.desk() as desk:
        uid = desk.appointment(planned).uid
        before = desk.tx.mail_threads.of_recipient(planned, f"guest:{GUEST}")
        assert before is not None
        draft = FicheDraft(
            kind=PersonKind.CLIENT,
            last_name="Neuve",
            first_name="Fiche",
            addresses=(GUEST,),
            sector_id=desk.person("claire").sector_id,
        )
        person = people.create(desk.tx, desk.actor("admin"), draft, now=desk.now)
    client, place = DavClient(create_app(mailroom.book), "alice"), f"/alice/claire/{uid}.ics"
    text = client.get(place).text.replace("SUMMARY:Visite", f"SUMMARY:{edit}\r\nX-OWN:1")
    mailroom.later(minutes=1)
    assert client.put(place, text).status == 204
    mailroom.send()
    with mailroom.desk() as desk:
        assert desk.appointment(planned).participant(person.id) is not None
        after = desk.tx.mail_threads.of_recipient(planned, f"person:{person.id}")
    assert after is not None
    assert (after.id, after.token, after.person_id) == (before.id, before.token, person.id)
    methods = [lines_of(calendar_of(m.raw), "METHOD")[0] for m in mails_to(mailroom, GUEST)]
    is_told = persons_too and edit != "Visite"
    assert methods == ["METHOD:REQUEST"] * (2 if is_told else 1)
    if is_told:
        assert str(mailroom.mails()[-1]["Subject"]).startswith("Changement : Autre objet")


# -- what nobody is mailed for (rule 13) --------------------------------------------------


def test_an_answer_and_the_agencys_own_words_mail_nobody(postroom: Postroom) -> None:
    mailroom = postroom.mailroom
    mailroom.set(invite_persons=True)
    other = Participant(address=PRIVATE, name="Autre")
    several = (*WEEKLY.participants, other)
    planned = mailroom.plan("ivan", plan=replace(WEEKLY, participants=several))
    mailroom.send()
    invitation = next(each.raw for each in mailroom.sink.mails if each.recipients == [GUEST])
    count = len(mailroom.rows(planned))
    assert postroom.answer(invitation).result is Result.APPLIED
    assert postroom.answer(invitation, "DECLINED", dates=(SECOND,)).result is Result.APPLIED
    with mailroom.desk() as desk:
        admin = desk.actor("admin")
        words = {"name": "Autre nom", "scheduling_address": "autre@agence.example"}
        agency_settings.change(desk.tx, admin, words, now=desk.now)
        kind = next(t for t in desk.tx.agency.types() if t.code == "client")
        agency_settings.change_type(desk.tx, admin, replace(kind, label="Visite"), now=desk.now)
    assert len(mailroom.rows(planned)) == count
