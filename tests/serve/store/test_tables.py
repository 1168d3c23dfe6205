"""The migrations make the tables that the store works with, and each form of the database is known by its number."""

from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

import tenarai.serve.store as store
from tenarai.serve.store import Project
from tenarai.serve.store.tables import SCHEMA, metadata


def test_migrations_make_the_tables(project: Project) -> None:
    with project._database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        assert compare_metadata(context, metadata) == []


def test_every_form_is_known() -> None:
    folder = Path(store.__file__).with_name("migrations")
    revisions = [script.revision for script in ScriptDirectory(str(folder)).walk_revisions()]
    assert tuple(reversed(revisions)) == SCHEMA
