"""Runs keep what they answered on dev and test; those of before have none."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "evidence",
        sa.Column("run_id", AutoString(), sa.ForeignKey("run.id", ondelete="CASCADE"), primary_key=True, nullable=False),
        *(sa.Column(name, AutoString(), primary_key=True, nullable=False) for name in ("task", "split")),
        sa.Column("epoch", sa.Integer(), nullable=False),
        *(sa.Column(name, AutoString(), nullable=False) for name in ("rows_sha256", "logits_sha256")),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
    )
