"""Requests are kept with their runs, and runs of users' own tasks are known by today's fingerprints.

Version 0.1.0 covered all metrics of such a task by the fingerprint, so that asking for the run with another metric trained it
again. Today's fingerprint leaves metrics out, and the headline where it does not select the epoch. What is written here is
fixed: it must go on meaning what it means today, whatever the program becomes.
"""

import hashlib
import json
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString

from engine.catalog.catalog import BUILT_IN
from engine.catalog.records import task_from
from engine.catalog.task import OwnData, TaskInfo

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

FIELDS = (
    "key", "kind", "template", "columns", "label_column", "labels", "max_length", "truncate", "stratify", "config", "dev",
    "tests", "headline",
)  # fmt: skip
NOT_COVERED = {"backbone", "backbone_path", "data_dir", "own"}


def upgrade() -> None:
    op.add_column("run", sa.Column("request", sa.JSON()))
    op.create_table(
        "alias",
        sa.Column("fingerprint", AutoString(), primary_key=True, nullable=False),
        sa.Column("run_id", AutoString(), sa.ForeignKey("run.id", ondelete="CASCADE"), nullable=False, index=True),
    )
    run = sa.table(
        "run",
        *(sa.column(name, AutoString()) for name in ("id", "fingerprint", "group_id", "target")),
        sa.column("spec", sa.JSON()),
    )
    alias = sa.table("alias", sa.column("fingerprint", AutoString()), sa.column("run_id", AutoString()))
    connection = op.get_bind()
    for row in connection.execute(sa.select(run)).all():
        if not any(key in row.spec.get("own", {}) for key in row.spec.get("targets", ())):
            continue
        changes: dict[str, Any] = {}
        if len(row.spec["targets"]) > 1 and "/" not in row.target:
            changes["spec"] = {**row.spec, "name": row.target}
        if known_by := _known_by(row.spec, row.fingerprint):
            fingerprint, changes["group_id"] = known_by
            connection.execute(alias.insert().values(fingerprint=fingerprint, run_id=row.id))
        if changes:
            connection.execute(run.update().where(run.c.id == row.id).values(**changes))


def _known_by(spec: dict[str, Any], fingerprint: str) -> tuple[str, str] | None:
    """Today's fingerprint and group; None where the definitions of then cannot be made again."""
    try:
        definitions = [_definition(_task(spec, key)) for key in spec["targets"]]
    except (KeyError, TypeError):
        return None
    covered = {name: value for name, value in spec.items() if name not in NOT_COVERED}
    if _digest({"spec": covered, "tasks": definitions}) != fingerprint:
        return None
    dropped = {"metrics"} if spec["hyperparameters"]["select_by"] == "metric" else {"metrics", "headline"}
    today = [
        {name: value for name, value in one.items() if name not in dropped} if "own" in one else one for one in definitions
    ]
    group = json.loads(json.dumps(covered))
    del group["seed"]
    for source in group["sources"] if spec["shots"] else ():
        if source["task"] in spec["targets"]:
            del source["run_id"]
    return _digest({"spec": covered, "tasks": today}), _digest({"spec": group, "tasks": today})[:10]


def _task(spec: dict[str, Any], key: str) -> TaskInfo:
    recorded = spec["own"].get(key)
    return task_from(recorded) if recorded else BUILT_IN.tasks[key]


def _definition(task: TaskInfo) -> dict[str, Any]:
    definition = {name: getattr(task, name) for name in FIELDS}
    if isinstance(task.data, OwnData):
        shares = [task.data.dev_share, task.data.test_share]
        definition |= {"own": task.data.definition, "shares": shares, "metrics": task.metrics}
    return definition


def _digest(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
