"""Faults that an agency would suffer from, each made to happen."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from rdv_caldav.domain.appointment import Participant, Recurrence, Span
from rdv_caldav.domain.mail_templates import MailTemplate, Medium, Occasion
from rdv_caldav.services import agency_settings
from support.agency import GUEST, span
from support.mailroom import INVITED, Mailroom, part_of
from support.postroom import FIRST, SECOND, WEEKLY, Postroom
from rdv_radicale.application import create_app
from support.dav import DavClient
from support.objects import event
from support.scheduling import attendee


def test_a_page_with_too_many_tags(mailroom: Mailroom) -> None:
    page = "".join(f"<b>{n}</b>" for n in range(2000))
    with mailroom.desk() as desk:
        key = desk.tx.mail_templates.add(MailTemplate(name="x", occasion=Occasion.INVITATION, language="fr", medium=Medium.MAIL, subject="S", text="T", html=page))
        desk.tx.mail_templates.make_default(key) if hasattr(desk.tx.mail_templates, "make_default") else desk.tx.mail_templates.save(replace(desk.tx.mail_templates.get(key), is_default=True))
    planned = mailroom.plan()
    print(mailroom.send(), mailroom.rows(planned))


def test_first_of_month(mailroom: Mailroom) -> None:
    mailroom.plan(plan=replace(INVITED, span=Span(start=datetime(2027, 3, 1, 9), end=datetime(2027, 3, 1, 10), zone="Europe/Paris")))
    mailroom.send()
    print(mailroom.mails()[-1]["subject"])


def test_utc(mailroom: Mailroom) -> None:
    mailroom.plan(plan=replace(INVITED, span=Span(start=datetime(2027, 3, 1, 9), end=datetime(2027, 3, 1, 10), zone="UTC")))
    mailroom.send()
    print(mailroom.mails()[-1]["subject"])


def test_address_as_name(mailroom: Mailroom) -> None:
    mailroom.set(all_named_in_mails=True)
    other = Participant(address="autre@exterieur.example", name="autre@exterieur.example")
    mailroom.plan(plan=replace(INVITED, participants=(*INVITED.participants, other)))
    mailroom.send()
    m = next(x for x in mailroom.mails() if GUEST in x["to"])
    print(part_of(m, "text/plain"))


def test_address_corrected(mailroom: Mailroom) -> None:
    mailroom.set(invite_persons=True)
    with mailroom.desk() as desk:
        print(desk.person("claire"), desk.tx.contacts.of({desk.person("claire").id}))
    planned = mailroom.plan("ivan")
    print(mailroom.rows(planned))


def test_fiche_of_guest(mailroom: Mailroom) -> None:
    planned = mailroom.plan()
    mailroom.send()


def test_rules_changed_before_update(postroom: Postroom) -> None:
    planned, invitation = postroom.invite(plan=WEEKLY)
    postroom.mailroom.revise(planned, recurrence=Recurrence(rules=("FREQ=WEEKLY;INTERVAL=3;COUNT=4",)))
    print(postroom.answer(invitation), postroom.presence(planned), postroom.mailroom.rows(planned))


def test_date_answer_mails_nobody(postroom: Postroom) -> None:
    other = Participant(address="autre@exterieur.example", name="Autre")
    postroom.mailroom.set(invite_persons=True)
    planned = postroom.mailroom.plan("ivan", plan=replace(WEEKLY, participants=(*WEEKLY.participants, other)))
    postroom.mailroom.send()
    invitation = next(m.raw for m in postroom.mailroom.sink.mails if m.recipients == [GUEST] or GUEST in str(m.recipients))
    n = len(postroom.mailroom.rows(planned))
    print(postroom.answer(invitation, dates=(SECOND,)))
    print(n, len(postroom.mailroom.rows(planned)))
