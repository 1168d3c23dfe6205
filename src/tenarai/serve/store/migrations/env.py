"""Runs the migrations on the connection, and in the transaction, of whoever opens the project."""

from alembic import context

from tenarai.serve.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
