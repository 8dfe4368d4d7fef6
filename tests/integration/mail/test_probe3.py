from __future__ import annotations
from dataclasses import replace
from datetime import datetime, timedelta
import time, pytest
from rdv_caldav.domain.appointment import Participant, Recurrence, Span, State, Presence
from rdv_caldav.domain.agency import PersonKind
from rdv_caldav.services import agency_settings, people, appointments
from support.agency import GUEST, span
from support.mailroom import INVITED, Mailroom, part_of
from support.postroom import FIRST, SECOND, THIRD, WEEKLY, Postroom
from rdv_radicale.application import create_app
from support.dav import DavClient
from support.objects import event
from support.scheduling import attendee, organizer

def short(rows): return [(r.method, r.status, r.original and str(r.original), r.recipient, r.problem) for r in rows]
def lines(m): return [l for l in part_of(m, "text/calendar").replace("\r\n ","").split("\r\n")]

def test_moved_date_and_update_in_one_put(mailroom):
    client = DavClient(create_app(mailroom.book), "alice")
    plan = replace(INVITED, recurrence=Recurrence(rules=("FREQ=WEEKLY;COUNT=4",)))
    planned = mailroom.plan(plan=plan); mailroom.send()
    with mailroom.desk() as desk: uid = desk.appointment(planned).uid
    got = client.get(f"/alice/claire/{uid}.ics").text
    vev = got[got.index("BEGIN:VEVENT"):got.index("END:VEVENT")+len("END:VEVENT\r\n")]
    import re
    ov = re.sub(r"RRULE:.*\r\n","",vev).replace("DTSTART;TZID=Europe/Paris:20261125T090000","RECURRENCE-ID;TZID=Europe/Paris:20261202T090000\r\nDTSTART;TZID=Europe/Paris:20261203T110000").replace("DTEND;TZID=Europe/Paris:20261125T100000","DTEND;TZID=Europe/Paris:20261203T120000")
    new = got.replace("LOCATION:1 rue de l'Exemple","LOCATION:Ailleurs").replace("END:VCALENDAR", ov+"END:VCALENDAR")
    print(client.put(f"/alice/claire/{uid}.ics", new).status)
    print(short(mailroom.rows(planned)))
    print(mailroom.send()); 
    for m in mailroom.mails()[1:]: print(m["subject"], [l for l in lines(m) if l.startswith(("SEQ","METHOD","REC","DTSTART","RRULE","LOC"))])

def test_exdate(mailroom):
    plan = replace(INVITED, recurrence=Recurrence(rules=("FREQ=WEEKLY;COUNT=4",)))
    planned = mailroom.plan(plan=plan); mailroom.send()
    mailroom.revise(planned, recurrence=Recurrence(rules=("FREQ=WEEKLY;COUNT=4",), excluded=(SECOND,)))
    print(short(mailroom.rows(planned))); print(mailroom.send())
    m = mailroom.mails()[-1]; print(m["subject"], [l for l in lines(m) if l.startswith(("SEQ","METHOD","REC","DTSTART","RRULE","LOC"))])

@pytest.mark.parametrize("zone", ["America/New_York", "UTC", "Asia/Kolkata"])
def test_zones(mailroom, zone):
    mailroom.plan(plan=replace(INVITED, span=Span(start=datetime(2027,3,1,9), end=datetime(2027,3,1,10), zone=zone)))
    mailroom.send(); m=mailroom.mails()[-1]; print(m["subject"], [l for l in lines(m) if l.startswith("DTSTART")])

def test_series_dst_allday(mailroom):
    p = mailroom.plan(plan=replace(INVITED, span=Span(start=datetime(2027,3,27), end=datetime(2027,3,29), zone="Europe/Paris", all_day=True), recurrence=Recurrence(rules=("FREQ=WEEKLY;COUNT=3",))))
    mailroom.send(); m=mailroom.mails()[-1]; print(m["subject"], [l for l in lines(m) if l.startswith(("DTSTART","DTEND","TZID"))])
    mailroom.set_state(p, State.CANCELLED, datetime(2027,4,3)); mailroom.send(); m=mailroom.mails()[-1]; print(m["subject"], [l for l in lines(m) if l.startswith(("DTSTART","DTEND","REC","METH"))])

def test_public_url_odd(mailroom):
    mailroom.set(public_url="https://rdv.agencé.example")
    p = mailroom.plan(); print(mailroom.send(), short(mailroom.rows(p)))
    mailroom.set(public_url="https://rdv.example/" + "x"*600)
    p = mailroom.plan(); print(mailroom.send(), short(mailroom.rows(p)))
    mailroom.set(public_url="rdv.example")
    p = mailroom.plan(); print(mailroom.send(), short(mailroom.rows(p)))

def test_bad_addresses(mailroom):
    for a in ('"a b"@x.example', "Élodie@exämple.example", "UPPER@X.example", "a@b@c.example"):
        p = mailroom.plan(plan=replace(INVITED, participants=(Participant(address=a.lower(), name="X"),)))
        print(a, mailroom.send(), short(mailroom.rows(p)))

def test_mail_from_refused(mailroom):
    pass

def test_reply_after_cancel(postroom):
    planned, inv = postroom.invite(); postroom.mailroom.set_state(planned, State.CANCELLED); c = postroom.sent()
    print(postroom.answer(inv, "ACCEPTED"), postroom.answer(inv, "DECLINED"))
    try: print(postroom.answer(c, "ACCEPTED"))
    except Exception as e: print(repr(e))

def test_guest_deleted_reply(postroom):
    planned, inv = postroom.invite()
    postroom.mailroom.revise(planned, participants=tuple(p for p in postroom.appointment(planned).participants if p.address != GUEST))
    print(postroom.answer(inv, "ACCEPTED"))

def test_no_message_id(postroom):
    for n in (1,2):
        print(postroom.take(f"From: a@x.example\r\nTo: rdv@agence.example\r\nSubject: rdv {n}\r\n\r\nOui\r\n".encode()))

def test_sms_then_unsubscribe(mailroom):
    pass

def test_two_dates_two_appointments(postroom):
    p1, i1 = postroom.invite(); p2, i2 = postroom.invite()
    a1 = postroom.reply(i1)
    from support.invitation_reading import read_invitation
    r1, r2 = read_invitation(i1), read_invitation(i2)
    print(r1.organizer, r2.organizer)
    print(postroom.take(a1.replace(r1.organizer.encode(), r2.organizer.encode())))
    print(postroom.take(a1, r2.organizer, r1.organizer))
    print(postroom.presence(p1), postroom.presence(p2))

def test_flood(postroom):
    t=time.perf_counter()
    for n in range(120):
        o = postroom.take((f"From: spam@x.example\r\nTo: rdv@agence.example\r\nMessage-ID: <{n}@x>\r\nSubject: s{n}\r\n\r\nAchetez {n}\r\n").encode())
    print(time.perf_counter()-t, o)
    with postroom.mailroom.desk() as d: print(d.tx.received_mails.open_count())
