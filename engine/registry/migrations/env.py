"""Alembic's entry point: runs the migrations on the connection that ``engine.registry.schema`` opened."""

from alembic import context
from sqlmodel import SQLModel

import engine.registry.tables  # noqa: F401  (fills the metadata)

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_as_batch=True,  # SQLite alters a table by copying it
)
with context.begin_transaction():
    context.run_migrations()
