"""Requests are kept with their runs, and runs of users' own tasks are known by today's fingerprints.

Version 0.1.0 covered all metrics of such a task by the fingerprint, so that asking for the run with another metric trained it
again. Today's fingerprint leaves metrics out, and the headline where it does not select the epoch. What is written here is
fixed: it must go on meaning what it means today, whatever the program becomes.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import context, op
from sqlmodel.sql.sqltypes import AutoString

from engine.catalog.catalog import BUILT_IN

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

Definition = dict[str, Any]
FIELDS = (
    "kind", "template", "columns", "label_column", "labels", "max_length", "truncate", "stratify", "config", "dev", "tests",
)  # fmt: skip
NOT_COVERED = {"backbone", "backbone_path", "data_dir", "own"}
SHARES = ("dev_share", "test_share")


def upgrade() -> None:
    op.add_column("run", sa.Column("request", sa.JSON()))
    op.create_table(
        "alias",
        sa.Column("fingerprint", AutoString(), primary_key=True, nullable=False),
        sa.Column("run_id", AutoString(), sa.ForeignKey("run.id", ondelete="CASCADE"), nullable=False, index=True),
    )
    run = sa.table(
        "run",
        *(sa.column(name, AutoString()) for name in ("id", "fingerprint", "group_id", "target", "state")),
        sa.column("created_at", sa.DateTime()),
        sa.column("spec", sa.JSON()),
    )
    connection = op.get_bind()
    # Runs that differed in their metrics alone are one run today: a completed one is asked for, else the newest.
    rows = connection.execute(sa.select(run).order_by(run.c.state == "completed", run.c.created_at)).all()
    known_as = {}
    for row in rows:
        spec = row.spec
        if "/" not in row.target and any(key in spec.get("own", {}) for key in spec["targets"]):
            connection.execute(run.update().where(run.c.id == row.id).values(spec={**spec, "name": row.target}))
        if (identity := _identity_of_today(row.id, spec, row.fingerprint)) is not None:
            fingerprint, group_id = identity
            known_as[fingerprint] = (row.id, group_id)
    alias = sa.table("alias", sa.column("fingerprint", AutoString()), sa.column("run_id", AutoString()))
    for fingerprint, (run_id, group_id) in known_as.items():
        connection.execute(alias.insert().values(fingerprint=fingerprint, run_id=run_id))
        connection.execute(run.update().where(run.c.id == run_id).values(group_id=group_id))


def _identity_of_today(run_id: str, spec: dict[str, Any], fingerprint: str) -> tuple[str, str] | None:
    """Fingerprint and group of a run of own tasks; None for other runs, and where its definitions cannot be made again."""
    try:
        definitions = [_definition(spec, key) or _imported_definition(run_id) for key in spec["targets"]]
        covered = {name: value for name, value in spec.items() if name not in NOT_COVERED}
        if _digest({"spec": covered, "tasks": definitions}) != fingerprint or not any("own" in one for one in definitions):
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
    except (LookupError, TypeError, ValueError, AttributeError, OSError):
        # One row that cannot be understood must not keep all others from being opened.
        return None


def _definition(spec: dict[str, Any], key: str) -> Definition | None:
    """What version 0.1.0 covered of a task; None for one that neither the run nor the catalog knows."""
    record = spec["own"].get(key)
    if record is None:
        task = BUILT_IN.tasks.get(key)
        return {"key": key, "headline": task.headline, **{name: getattr(task, name) for name in FIELDS}} if task else None
    data = {name: value for name, value in record["data"].items() if name not in SHARES}
    return {
        "key": key,
        "headline": record["metrics"][0],
        "metrics": record["metrics"],
        "own": {**data, "files": [split for split, _ in data["files"]]},
        "shares": [record["data"][name] for name in SHARES],
        **{name: record[name] for name in FIELDS},
    }


def _imported_definition(run_id: str) -> Definition:
    """Of an imported adapter, the definition in its checkpoint, whose header holds the card that came with it."""
    checkpoint: Path = context.config.attributes["home"].checkpoint(run_id, "best")
    with checkpoint.open("rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
    definition: Definition = json.loads(header["__metadata__"]["card"])["portable"]["task"]
    return definition


def _digest(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
