"""Other outcomes of a run that is here already are kept beside it: those of imported bundles."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "replicate",
        sa.Column("run_id", AutoString(), sa.ForeignKey("run.id", ondelete="CASCADE"), primary_key=True, nullable=False),
        sa.Column("digest", AutoString(), primary_key=True, nullable=False),
        sa.Column("origin", AutoString(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("record", sa.JSON(), nullable=False),
    )
