"""The form of a rendez-vous as a browser fills it in and sends it."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.domain.appointment import Appointment
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
