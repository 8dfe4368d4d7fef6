"""Rule 11: people without e-mail, sharing one, or with several."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rdv_caldav.domain.agency import Person
from rdv_caldav.domain.directory import Directory, normalise_address
from support.agency import ALICE, CLAIRE, EVERYBODY, IVAN, JEAN, MARIE, PAUL, SETTINGS

DIRECTORY = Directory(EVERYBODY, SETTINGS)


@pytest.mark.parametrize(
    "written",
    [
        "mailto:claire@famille.example",
        "MAILTO:Claire@Famille.example",
        "  mailto: claire@famille.example ",
        "CLAIRE@FAMILLE.EXAMPLE",
    ],
)
def test_an_address_is_compared_without_scheme_and_case(written: str) -> None:
    assert normalise_address(written) == "claire@famille.example"
    assert DIRECTORY.find(written) == CLAIRE


@pytest.mark.parametrize("address", ALICE.addresses)
def test_a_person_is_found_by_any_of_several_addresses(address: str) -> None:
    assert DIRECTORY.find(address) == ALICE


def test_a_person_is_shown_with_the_preferred_address() -> None:
    assert DIRECTORY.address_of(ALICE) == "alice@agence.example"
    assert DIRECTORY.real_address_of(ALICE) == "alice@agence.example"


def test_the_name_is_not_asked_where_the_address_is_one_persons() -> None:
    assert DIRECTORY.find("ivan@agence.example", name="Jean Dupont") == IVAN


def test_nobody_is_behind_an_unknown_address_whatever_the_name() -> None:
    assert DIRECTORY.find("quelqu.un@exterieur.example", name="Claire Cliente") is None


@pytest.mark.parametrize(
    "name", ["Marie Dupont", "DUPONT Marie", "dupont, marie", "  Mârie   Dupônt "]
)
def test_the_name_decides_between_two_who_share_an_address(name: str) -> None:
    assert DIRECTORY.find("dupont@famille.example", name=name) == MARIE


@pytest.mark.parametrize("name", ["", "M. et Mme Dupont", "Dupont"])
def test_a_shared_address_without_a_fitting_name_is_nobody_in_particular(name: str) -> None:
    assert DIRECTORY.find("dupont@famille.example", name=name) is None


@pytest.mark.parametrize("person", [JEAN, MARIE, PAUL])
def test_who_has_no_address_of_his_own_is_shown_with_a_placeholder(person: Person) -> None:
    address = DIRECTORY.address_of(person)
    assert address == f"p-{person.id}@personnes.rdv.invalid"
    assert DIRECTORY.find(f"mailto:{address.upper()}", name="Somebody Else") == person


def test_a_person_with_one_shared_and_one_own_address_is_shown_with_his_own() -> None:
    jean = replace(JEAN, addresses=("dupont@famille.example", "jean@travail.example"))
    directory = Directory((jean, MARIE), SETTINGS)
    assert directory.address_of(jean) == "jean@travail.example"
    assert directory.real_address_of(jean) == "dupont@famille.example"


def test_the_real_address_is_the_shared_one_or_none() -> None:
    assert DIRECTORY.real_address_of(JEAN) == "dupont@famille.example"
    assert DIRECTORY.real_address_of(PAUL) == ""


@pytest.mark.parametrize(
    "address",
    [
        "p-6@ailleurs.example",
        "p-x@personnes.rdv.invalid",
        "xp-6@personnes.rdv.invalid",
        "p-6@personnesxrdv.invalid",
    ],
)
def test_what_only_resembles_a_placeholder_is_none(address: str) -> None:
    assert DIRECTORY.placeholder_id(address) is None
    assert DIRECTORY.find(address) is None


def test_a_placeholder_of_nobody_is_nobody() -> None:
    assert DIRECTORY.placeholder_id("p-99@personnes.rdv.invalid") == 99
    assert DIRECTORY.find("p-99@personnes.rdv.invalid", name="Paul Sansmail") is None


def test_the_placeholder_domain_is_compared_without_case() -> None:
    settings = replace(SETTINGS, placeholder_domain="Personnes.Agence.example")
    directory = Directory(EVERYBODY, settings)
    assert directory.find(directory.address_of(PAUL)) == PAUL


def test_a_directory_gives_its_persons() -> None:
    assert list(DIRECTORY) == list(EVERYBODY)
    assert DIRECTORY.person(PAUL.id) == PAUL
    with pytest.raises(KeyError):
        DIRECTORY.person(99)
