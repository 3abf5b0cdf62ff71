"""The first version."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

STATES = ("queued", "starting", "running", "completed", "failed", "stopped", "lost")


def needed(name: str, kind: Any, **other: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False, **other)


def key(name: str, kind: Any, *other: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, *other, primary_key=True, nullable=False)


def of_run() -> sa.ForeignKey:
    return sa.ForeignKey("run.id", ondelete="CASCADE")


def upgrade() -> None:
    clock = op.create_table("clock", key("id", sa.Integer()), needed("value", sa.BigInteger()))
    op.bulk_insert(clock, [{"id": 1, "value": 0}])
    op.create_table(
        "run",
        key("id", AutoString()),
        needed("fingerprint", AutoString(), unique=True),
        needed("group_id", AutoString(), index=True),
        needed("method", AutoString(), index=True),
        needed("backbone", AutoString()),
        needed("benchmark", AutoString(), index=True),
        needed("target", AutoString()),
        needed("seed", sa.Integer()),
        needed("spec", sa.JSON()),
        needed("command", AutoString()),
        needed("state", sa.Enum(*STATES, name="runstate", native_enum=False, length=16), index=True),
        sa.Column("cause", AutoString()),
        needed("attempt", sa.Integer()),
        needed("stop_requested", sa.Boolean()),
        needed("version", sa.BigInteger(), index=True),
        needed("created_at", UTCDateTime(), index=True),
        sa.Column("started_at", UTCDateTime()),
        sa.Column("ended_at", UTCDateTime()),
        sa.Column("heartbeat_at", UTCDateTime()),
        needed("seconds", sa.Float()),
        needed("epoch", sa.Integer()),
        needed("epochs", sa.Integer()),
        needed("step", sa.Integer()),
        needed("steps", sa.Integer()),
        sa.Column("loss", sa.Float()),
        sa.Column("metric", AutoString()),
        sa.Column("value", sa.Float()),
        sa.Column("best", sa.Float()),
        sa.Column("best_epoch", sa.Integer()),
        sa.Column("samples_per_second", sa.Float()),
        sa.Column("tokens_per_second", sa.Float()),
        sa.Column("seconds_left", sa.Float()),
        sa.Column("trainable", sa.Integer()),
        sa.Column("transfer", sa.Integer()),
        needed("executor", AutoString()),
        sa.Column("handle", sa.JSON()),
        sa.Column("device", AutoString()),
        sa.Column("provenance", sa.JSON()),
    )
    op.create_table(
        "source",
        key("run_id", AutoString(), of_run()),
        key("position", sa.Integer()),
        sa.Column("source_id", AutoString(), sa.ForeignKey("run.id"), nullable=False, index=True),
        needed("task", AutoString()),
    )
    op.create_table(
        "metric",
        key("run_id", AutoString(), of_run()),
        key("name", AutoString()),
        key("step", sa.Integer()),
        needed("value", sa.Float()),
        needed("epoch", sa.Float()),
        needed("attempt", sa.Integer()),
    )
    op.create_table(
        "result",
        key("run_id", AutoString(), of_run()),
        key("task", AutoString()),
        key("split", AutoString()),
        key("metric", AutoString()),
        needed("value", sa.Float()),
    )
    op.create_table(
        "checkpoint",
        key("run_id", AutoString(), of_run()),
        key("kind", AutoString()),
        needed("step", sa.Integer()),
        needed("epoch", sa.Integer()),
        needed("sha256", AutoString()),
        needed("bytes", sa.BigInteger()),
        needed("created_at", UTCDateTime()),
    )
    op.create_table(
        "event",
        key("id", sa.Integer()),
        sa.Column("run_id", AutoString(), of_run(), nullable=False),
        needed("at", UTCDateTime()),
        needed("attempt", sa.Integer()),
        needed("text", AutoString()),
    )
    op.create_index("event_by_run", "event", ["run_id", "id"])
