"""RFC 6638 §2.4.1, §3.1: by which addresses programs know who they are in an object."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.domain.agency import PersonKind, Role
from support.dav import DavClient
from support.objects import event
from support.scheduling import (
    AGENCY,
    ALICE,
    CLAIRE,
    IVAN,
    addresses,
    admit,
    answer_at,
    attendee,
    hire,
    lines_of,
    placeholder,
    presence,
)

Login = Callable[[str], DavClient]


def _setting(book: AppointmentBook, name: str, *, value: bool) -> None:
    with book.database.writing() as tx:
        tx.agency.save_setting(name, value)


def _of(text: str, name: str) -> list[str]:
    return [line[line.index(":mailto:") + 1 :] for line in lines_of(text, name)]


@pytest.mark.parametrize("name", ["admin", "alice", "nora", "ivan", "claire"])
def test_2_4_1_mailto_comes_first_and_the_principal_last(login: Login, name: str) -> None:
    found = addresses(login(name))
    assert found[0].startswith("mailto:")
    assert found[-1] == f"/dav/{name}/"
    assert len(set(found)) == len(found)


def test_2_4_1_all_of_the_persons_and_for_editors_the_agencys(alice: DavClient) -> None:
    assert addresses(alice) == [
        f"mailto:{ALICE}",
        "mailto:alice.perso@mail.example",
        f"mailto:{AGENCY}",
        "/dav/alice/",
    ]


def test_2_4_1_an_editor_who_is_no_person_writes_for_the_agency(login: Login) -> None:
    assert addresses(login("nora")) == [f"mailto:{AGENCY}", "/dav/nora/"]


def test_2_4_1_a_client_is_himself_alone(claire: DavClient) -> None:
    assert addresses(claire) == [f"mailto:{CLAIRE}", "/dav/claire/"]


def test_2_4_1_an_intervenant_begins_with_his_own(book: AppointmentBook, ivan: DavClient) -> None:
    assert addresses(ivan)[0] == f"mailto:{IVAN}"
    _setting(book, "intervenants_edit_own", value=False)
    assert addresses(ivan) == [f"mailto:{IVAN}", "/dav/ivan/"]


@pytest.mark.parametrize("slug", ["paul", "jean-dupont", "marie-dupont"])
def test_2_4_1_who_has_no_address_to_himself_finds_himself_and_answers(
    book: AppointmentBook, alice: DavClient, login: Login, slug: str
) -> None:
    admit(book, slug, Role.CLIENT)
    own = placeholder(book, slug)
    alice.put("/alice/alice/a.ics", event("a", lines=attendee(own)), expect=201)
    client, path = login(slug), f"/{slug}/{slug}/a.ics"
    assert f"mailto:{own}" in _of(client.get(path).text, "ATTENDEE")
    assert f"mailto:{own}" in addresses(client)
    answer_at(client, path, own, "ACCEPTED")
    assert presence(alice.get("/alice/alice/a.ics").text, own) == "ACCEPTED"


# -- §3.1: organizer or attendee ----------------------------------------------------------


@pytest.fixture
def shared(book: AppointmentBook, alice: DavClient) -> AppointmentBook:
    """Claire's appointment, in which Alice and Ivan take part."""
    hire(book, "bruno", PersonKind.INTERVENANT)
    admit(book, "bruno", Role.INTERVENANT)
    lines = attendee(IVAN) + attendee(ALICE) + attendee("bruno@agence.example")
    alice.put("/alice/claire/a.ics", event("a", lines=lines), expect=201)
    return book


@pytest.mark.parametrize("path", ["/alice/alice/", "/nora/claire/", "/admin/claire/"])
def test_3_1_who_may_edit_is_the_organizer(
    shared: AppointmentBook, login: Login, path: str
) -> None:
    client = login(path.split("/")[1])
    (found,) = _of(client.get(f"{path}a.ics").text, "ORGANIZER")
    assert found in addresses(client)


@pytest.mark.parametrize("name", ["claire", "ivan", "bruno"])
def test_3_1_who_may_only_answer_is_an_attendee(
    shared: AppointmentBook, login: Login, name: str
) -> None:
    client = login(name)
    text, own = client.get(f"/{name}/{name}/a.ics").text, addresses(client)
    assert set(own) & set(_of(text, "ATTENDEE"))
    # otherwise programs offer to edit, which is ignored, and hide Accept and Decline
    assert not set(own) & set(_of(text, "ORGANIZER"))


def test_3_1_an_intervenant_organizes_what_he_owns(ivan: DavClient) -> None:
    ivan.put("/ivan/ivan/a.ics", event("a", lines=attendee(ALICE)), expect=201)
    assert _of(ivan.get("/ivan/ivan/a.ics").text, "ORGANIZER") == [f"mailto:{IVAN}"]


def test_3_1_nobody_reads_the_private_address_of_who_made_it(
    shared: AppointmentBook, login: Login
) -> None:
    for name in ("claire", "ivan"):
        text = login(name).get(f"/{name}/{name}/a.ics").text
        assert _of(text, "ORGANIZER") == [f"mailto:{AGENCY}"]
