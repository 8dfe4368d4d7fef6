"""Fiches of databases that came to be before there were lists of them."""

from __future__ import annotations

from alembic import command

from rdv_caldav.bootstrap import AppointmentBook
from rdv_caldav.db.schema_version import alembic_config
from rdv_caldav.domain.fiches import FicheFilter, FicheScope

EVERYBODY = FicheScope(everybody=True)


def test_known_persons_are_found_after_the_migration(any_book: AppointmentBook) -> None:
    database = any_book.database
    with database.writing() as tx:
        wanted = tx.people_listing.page(FicheFilter(), EVERYBODY, None, size=50)
    config = alembic_config()
    for change, revision in ((command.downgrade, "0007"), (command.upgrade, "head")):
        with database.engine.begin() as connection:
            config.attributes["connection"] = connection
            change(config, revision)
    with database.reading() as tx:
        assert tx.people_listing.page(FicheFilter(), EVERYBODY, None, size=50) == wanted
        found = FicheFilter(text="GESTION perso@mail")
        assert [
            line.person.slug for line in tx.people_listing.page(found, EVERYBODY, None, size=5)
        ] == ["alice"]
