"""Runs have a priority in the queue, GPUs that they may have, and what they were measured to need of a GPU's memory.

Those of before have the priority of runs for which none was asked, and no kind: what they needed was not measured.
"""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("run", sa.Column("priority", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("run", sa.Column("gpus", AutoString()))
    op.add_column("run", sa.Column("memory_kind", AutoString()))
    op.add_column("run", sa.Column("peak_memory", sa.BigInteger()))
    op.add_column("sweep", sa.Column("stopped", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_index("run_by_turn", "run", ["state", "priority", "created_at", "id"])
    op.drop_index("ix_run_state", "run")
    op.create_index("run_by_memory_kind", "run", ["memory_kind", "peak_memory"])
