"""Runs have tags and a note of their user; those of before have none."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("run", sa.Column("note", AutoString()))
    op.create_table(
        "tag",
        sa.Column("run_id", AutoString(), sa.ForeignKey("run.id", ondelete="CASCADE"), primary_key=True, nullable=False),
        sa.Column("name", AutoString(), primary_key=True, nullable=False),
    )
