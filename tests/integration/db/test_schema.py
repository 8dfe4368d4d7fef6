"""Migrations: forward from nothing, back again, and what this program cannot use."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

from rdv_caldav.db.engine import Database
from rdv_caldav.db.schema import Base
from rdv_caldav.db.schema_version import alembic_config
from rdv_caldav.domain.errors import SchemaMismatch


def test_the_migrations_make_the_tables(database: Database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, Base.metadata) == []
    assert database.check_schema() == "0012"
    database.upgrade()


def test_all_the_way_back(database: Database) -> None:
    config = alembic_config()
    with database.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
    assert inspect(database.engine).get_table_names() == ["alembic_version"]
    with pytest.raises(SchemaMismatch, match="upgrade first"):
        database.check_schema()


def test_a_newer_schema_is_refused(database: Database) -> None:
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for use in (database.check_schema, database.upgrade):
        with pytest.raises(SchemaMismatch, match="newer"):
            use()


def test_an_empty_database(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'rdv.sqlite'}")
    with pytest.raises(SchemaMismatch):
        database.check_schema()
    database.upgrade()
    database.check_schema()
    database.dispose()
