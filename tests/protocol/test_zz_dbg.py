from support.scheduling import *
from support.objects import event, override
def test_x(book, alice, ivan):
    alice.put("/alice/alice/s.ics", event(lines="RRULE:FREQ=DAILY;COUNT=5\r\n"), expect=201)
    t = alice.get("/alice/alice/s.ics").text
    d = override(26, on=26, lines=f"SUMMARY:Essai\r\n{attendee(ALICE)}{attendee(IVAN)}")
    alice.put("/alice/alice/s.ics", t.replace("END:VCALENDAR", d+"END:VCALENDAR"), expect=204)
    print(ivan.get("/ivan/ivan/s.ics").text)
    print(busy_times(alice, IVAN), ask(alice, IVAN, times="DTSTART:20261120T000000Z\r\nDTEND:20261220T000000Z\r\n")[0].data)
