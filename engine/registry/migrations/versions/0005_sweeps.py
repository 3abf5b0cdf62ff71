"""Sweeps are registered: what a file asks for, by its name."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sweep",
        sa.Column("name", AutoString(), primary_key=True, nullable=False),
        *(sa.Column(name, AutoString(), nullable=False) for name in ("file", "text")),
        *(sa.Column(name, sa.JSON(), nullable=False) for name in ("requests", "cells")),
        *(sa.Column(name, UTCDateTime(), nullable=False) for name in ("created_at", "updated_at")),
    )
