"""Finding the person behind a calendar user address, and the address to show for a person."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

from rdv_caldav.domain.agency import AgencySettings, Person


def normalise_address(value: str) -> str:
    """Bring a calendar user address to the form that is compared: no ``mailto:``, lower case.

    >>> normalise_address("MAILTO:Claire@Famille.example")
    'claire@famille.example'
    """
    value = value.strip()
    if value[:7].lower() == "mailto:":
        value = value[7:]
    return value.strip().lower()


def _folded_name(name: str) -> str:
    decomposed = unicodedata.normalize("NFKD", name)
    letters = "".join(c for c in decomposed if not unicodedata.combining(c)).casefold()
    return " ".join(sorted(re.findall(r"\w+", letters)))


def placeholder_address(person: Person, settings: AgencySettings) -> str:
    """Return the address that stands for a person without one of his own; nothing is sent there."""
    return f"p-{person.id}@{settings.placeholder_domain}"


class Directory:
    """A snapshot of the persons that one request is about.

    It must hold every person who shares an address with a person in it: that is how it
    knows that an address is shared (couples), and that a name has to decide.
    """

    def __init__(self, persons: Iterable[Person], settings: AgencySettings) -> None:
        """Index ``persons`` by id and by each of their addresses."""
        self._settings = settings
        self._by_id = {person.id: person for person in persons}
        self._by_address: dict[str, list[Person]] = {}
        for person in self._by_id.values():
            for address in person.addresses:
                self._by_address.setdefault(address, []).append(person)
        self._placeholder = re.compile(rf"p-(\d+)@{re.escape(settings.placeholder_domain.lower())}")

    def __iter__(self) -> Iterator[Person]:
        """Iterate over the persons."""
        return iter(self._by_id.values())

    def person(self, person_id: int) -> Person:
        """Return the person with this id; KeyError when the snapshot lacks him."""
        return self._by_id[person_id]

    def address_of(self, person: Person) -> str:
        """Return the one address that stands for this person alone in ATTENDEE.

        A person without e-mail, or whose addresses are all shared, gets an address on the
        agency's placeholder domain: programs handle only mailto well, and nothing is ever
        sent there.
        """
        for address in person.addresses:
            if len(self._by_address.get(address, ())) <= 1:
                return address
        return placeholder_address(person, self._settings)

    def real_address_of(self, person: Person) -> str:
        """Return the preferred e-mail address, shared or not; empty if there is none."""
        return person.addresses[0] if person.addresses else ""

    def placeholder_id(self, address: str) -> int | None:
        """Return the person id that a placeholder address names, if it is one."""
        match = self._placeholder.fullmatch(normalise_address(address))
        return int(match[1]) if match else None

    def find(self, address: str, *, name: str = "") -> Person | None:
        """Recognise a person by address; the name decides only among those who share it.

        A placeholder address names its person by itself. An address that nobody has is
        nobody, whatever the name says: that is an external guest.
        """
        address = normalise_address(address)
        placeholder = self.placeholder_id(address)
        if placeholder is not None:
            return self._by_id.get(placeholder)
        sharing = self._by_address.get(address, [])
        if len(sharing) <= 1:
            return sharing[0] if sharing else None
        wanted = _folded_name(name)
        for person in sharing:
            if wanted and _folded_name(person.name) == wanted:
                return person
        return None
