"""A run as a line of a bundle: what it is, how it was trained, what came out and which files belong to it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from engine.bundles import strict_json
from engine.bundles.manifest import RunId, Sha256, Strict
from engine.catalog.catalog import Catalog
from engine.catalog.kinds import KINDS, is_plausible
from engine.catalog.task import MEAN, TaskInfo
from engine.errors import UserError, complaint
from engine.registry.records import Run, RunState
from engine.runs.spec import RUN_ID_LENGTH, RunSpec, fingerprint_of, group_of

TASK = re.compile(r"[A-Za-z0-9_][\w.-]*/[A-Za-z0-9_][\w.-]*", re.ASCII)
"""A task's key: it names a folder and the beginning of a file."""
LONGEST_KEY, LONGEST_TEXT = 200, 20_000
Split = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Count = Annotated[int, Field(ge=0, lt=2**53)]
Amount = Annotated[float, Field(ge=0, le=1e12, allow_inf_nan=False)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Text = Annotated[str, Field(max_length=LONGEST_TEXT)]
NUMBERS = (
    "seconds", "epoch", "epochs", "step", "steps", "loss", "metric", "value", "best", "best_epoch", "samples_per_second",
    "tokens_per_second", "trainable", "transfer",
)  # fmt: skip
"""Columns of runs that a line repeats as they are."""


class _Read(BaseModel):
    """The parts of a provenance that tables read; others are shown unread."""

    model_config = ConfigDict(strict=True)
    git_commit: str | None = None
    versions: dict[str, str] = {}
    rows: dict[str, dict[str, Count]] = {}
    splits: dict[str, dict[str, Count]] = {}


def _readable(provenance: dict[str, Any]) -> dict[str, Any]:
    try:
        _Read.model_validate(provenance)
    except ValidationError as error:
        first = error.errors()[0]
        raise ValueError(f"{'.'.join(map(str, first['loc']))} {complaint(first)}") from None
    return provenance


class EvidenceRecord(Strict):
    """What a run answered on a split of a task."""

    task: str
    split: Split
    epoch: Count
    rows: Sha256
    """Names the member with the examples, ``rows/<sha256>.safetensors``: digest of all their arrays, labels included."""
    logits: Sha256
    """Names the member with the answers, ``evidence/<run>/<sha256>.safetensors``: digest of its array."""


class CheckpointRecord(Strict):
    """The file of the selected epoch, where it is in the bundle: ``checkpoints/<run>.safetensors``."""

    step: Count
    epoch: Count
    sha256: Sha256
    bytes: Count


class RunRecord(Strict):
    """One line of ``runs.jsonl``."""

    id: RunId
    fingerprint: Sha256
    group_id: RunId
    role: Literal["target", "source"]
    """Whether it was asked for, or is only a source of one that was."""
    spec: RunSpec
    definitions: list[dict[str, Any]] | None
    """Of its targets, which the fingerprint covers; None where an earlier version computed it from others."""
    created_at: AwareDatetime
    started_at: AwareDatetime | None
    ended_at: AwareDatetime | None
    seconds: Amount
    epoch: Count
    epochs: Count
    step: Count
    steps: Count
    loss: Number | None
    metric: Text | None
    value: Number | None
    best: Number | None
    best_epoch: Count | None
    samples_per_second: Amount | None
    tokens_per_second: Amount | None
    trainable: Count | None
    transfer: Count | None
    device: Text | None
    command: Text
    note: Text | None
    tags: list[Annotated[str, Field(max_length=64)]]
    provenance: Annotated[dict[str, Any], AfterValidator(_readable)]
    results: dict[str, dict[Split, dict[str, Number]]]
    evidence: list[EvidenceRecord]
    checkpoint: CheckpointRecord | None
    weights: bool
    """Whether the bundle has what the method learned to weigh by: ``weights/<run>.json``."""

    @property
    def identity(self) -> str:
        """Equal for runs that answered and scored the same: what tells a replicate from the run that is here."""
        answers = {f"{kept.task} {kept.split}": kept.logits for kept in self.evidence}
        return identity_of(answers, self.results)

    def task(self, key: str, catalog: Catalog) -> TaskInfo | None:
        return self.spec.known_task(key, catalog)

    def run(self, **others: Any) -> Run:
        """The row of the registry."""
        row = Run.of(self.spec, definitions=self.definitions or [dict.fromkeys(("headline",), self.metric)])
        columns = {name: getattr(self, name) for name in NUMBERS}
        for name, value in {**columns, "created_at": self.created_at, "started_at": self.started_at,
                            "ended_at": self.ended_at, "device": self.device, "command": self.command, "note": self.note,
                            "id": self.id, "fingerprint": self.fingerprint, "group_id": self.group_id,
                            "state": RunState.COMPLETED, "provenance": self.provenance, **others}.items():  # fmt: skip
            setattr(row, name, value)
        return row


def identity_of(answers: dict[str, str], results: dict[str, dict[str, dict[str, float]]]) -> str:
    """``answers``: digest of the logits by task and split. Without any, the results tell runs apart."""
    return hashlib.sha256(strict_json.canonical(answers or results)).hexdigest()


def evidence_member(run_id: str, sha256: str) -> str:
    return f"evidence/{run_id}/{sha256}.safetensors"


def rows_member(sha256: str) -> str:
    return f"rows/{sha256}.safetensors"


def checkpoint_member(run_id: str) -> str:
    return f"checkpoints/{run_id}.safetensors"


def weights_member(run_id: str) -> str:
    return f"weights/{run_id}.json"


def check_record(record: RunRecord, catalog: Catalog) -> None:
    """Raises UserError unless the line describes, consistently, a run that this version can keep."""
    spec = record.spec
    try:
        record.run()
        tasks = {key: record.task(key, catalog) for key in (*spec.targets, *(source.task for source in spec.sources))}
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UserError(f"run {record.id} is described in a way that this version cannot read ({error}); update it") from None
    if wrong := [key for key in tasks if not TASK.fullmatch(key) or ".." in key or len(key) > LONGEST_KEY]:
        raise UserError(f"run {record.id} has a task called {wrong[0][:40]!r}, which no task is")
    if any(task and task.kind not in KINDS for task in tasks.values()):
        raise UserError(f"run {record.id} has a task of a kind that this version does not know; update it")
    if foreign := [kept.task for kept in record.evidence if kept.task not in spec.targets]:
        raise UserError(f"run {record.id} has answers on {foreign[0][:40]!r}, which is none of its targets")
    if foreign := [key for key in record.results if key not in (*spec.targets, MEAN)]:
        raise UserError(f"run {record.id} has results on {foreign[0][:40]!r}, which is none of its targets")
    for splits in record.results.values():
        for split, values in splits.items():
            if wrong := [name for name, value in values.items() if not is_plausible(name, value)]:
                raise UserError(f"run {record.id} has {wrong[0][:40]} {values[wrong[0]]:g} on {split}, which no run can have")
    if spec.data_dir is not None or spec.backbone.startswith("/") or spec.backbone_path not in (None, hub_path(spec)):
        raise UserError(f"run {record.id} names a folder of another machine; have it bundled again")


def hub_path(spec: RunSpec) -> str:
    """How a specification names a backbone of the hub."""
    return f"{spec.backbone}@{spec.backbone_revision}"


def identity_mistake(record: RunRecord) -> str:
    """What is wrong with the run's id and fingerprint, in words; empty where nothing is."""
    if record.id != record.fingerprint[:RUN_ID_LENGTH]:
        return f"its id is not the beginning of its fingerprint {record.fingerprint[:RUN_ID_LENGTH]}"
    if record.definitions is None:
        return ""
    if fingerprint_of(record.spec, record.definitions) != record.fingerprint:
        return "its fingerprint is not that of its specification: a setting, its seed or its data was changed"
    if group_of(record.spec, record.definitions) != record.group_id:
        return "its group is not that of its specification"
    return ""


def newest_moment(records: Sequence[RunRecord]) -> datetime:
    """When the last of the runs ended: the date of a table of them."""
    return max(record.ended_at or record.created_at for record in records)
