"""Runs have a priority in the queue; those of before have that of runs for which none was asked."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("run", sa.Column("priority", sa.Integer(), nullable=False, server_default="0"))
