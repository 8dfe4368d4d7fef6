"""The schema's version: bringing it up to date, and refusing what this program cannot use."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, func, select

from rdv_caldav.db import kept
from rdv_caldav.domain.errors import SchemaMismatch

_UPGRADE_LOCK = 0x726476
"""The number of PostgreSQL's advisory lock that upgrades hold: any that nobody else uses."""


def alembic_config() -> Config:
    """Return Alembic's configuration for the migrations shipped in this package."""
    config = Config()
    config.set_main_option("script_location", "rdv_caldav.db:migrations")
    config.set_main_option("path_separator", "os")
    return config


def upgrade(engine: Engine) -> None:
    """Run all migrations that are missing. Raises SchemaMismatch when the schema is newer.

    Upgrades of one PostgreSQL database run one after the other; for SQLite the caller sees
    to it.
    """
    with engine.begin() as connection:
        upgrade_to(connection, "head")
        kept.renew(connection)


def upgrade_to(connection: Connection, revision: str) -> None:
    """Run the migrations up to a revision, as part of a transaction.

    Raises SchemaMismatch when the schema, or the revision, is newer than this program.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_UPGRADE_LOCK)))
    _check_known(connection)
    if revision != "head" and revision not in _known():
        raise SchemaMismatch(f"the schema {revision} is newer than this program")
    config = alembic_config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def check(connection: Connection) -> str:
    """Return the current revision. Raises SchemaMismatch unless it is this program's."""
    current = _check_known(connection)
    head = ScriptDirectory.from_config(alembic_config()).get_current_head()
    if current is None or current != head:
        raise SchemaMismatch("the database's schema is older than this program: run upgrade first")
    return current


def _check_known(connection: Connection) -> str | None:
    current = MigrationContext.configure(connection).get_current_revision()
    if current is not None and current not in _known():
        raise SchemaMismatch(f"the database's schema ({current}) is newer than this program")
    return current


def _known() -> frozenset[str]:
    script = ScriptDirectory.from_config(alembic_config())
    return frozenset(revision.revision for revision in script.walk_revisions())
