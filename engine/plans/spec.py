"""RunSpec: all that determines a run's result, and the fingerprint that identifies it."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from pydantic import BaseModel, ConfigDict, field_serializer

from engine.catalog.benchmarks import TASKS, TaskInfo
from engine.catalog.methods import METHODS, MethodInfo, Value

RUN_ID_LENGTH = 10
NOT_RESULT_CHANGING = {"backbone", "backbone_path", "data_dir"}
"""What files are called and where they lie; their contents are identified by ``backbone_revision`` and ``data``."""


def digest(value: Any) -> str:
    """sha256 of the canonical JSON of ``value``, in hexadecimal."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


class SourceSpec(BaseModel):
    """One source of a two-stage run: its task and the run whose best checkpoint holds the adapter."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    task: str
    run_id: str


class RunSpec(BaseModel):
    """One run, in full. Equal fingerprints mean equal results; asking again for one reuses it."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    method: str
    backbone: str
    """Catalog name, or the hub id or folder that the user gave."""
    backbone_revision: str
    """Hub commit, or ``sha256:<digest>`` of the files for those without one."""
    target: str
    """Task key, ``superglue/boolq``."""
    sources: tuple[SourceSpec, ...] = ()
    """In the order in which the method stacks them; the target's own adapter last."""
    seed: int = 0
    hyperparameters: dict[str, Value]
    """Complete and sorted: defaults of today written out, so that a later default cannot change an old run."""
    limits: dict[str, int] = {}
    """Number of examples kept per split."""
    data: str
    """Identity of the target's rows: hub commit, generator version, or ``sha256:<digest>`` of local files."""
    backbone_path: str | None = None
    data_dir: str | None = None

    @field_serializer("hyperparameters", "limits")
    def _sorted(self, value: dict[str, Value]) -> dict[str, Value]:
        return dict(sorted(value.items()))

    @property
    def task(self) -> TaskInfo:
        return TASKS[self.target]

    @property
    def method_info(self) -> MethodInfo:
        return METHODS[self.method]

    @property
    def benchmark(self) -> str:
        return self.task.benchmark

    @property
    def fingerprint(self) -> str:
        """sha256 over every result-changing field and the target's definition (template, labels, lengths, splits)."""
        fields = self.model_dump(mode="json", exclude=NOT_RESULT_CHANGING)
        return digest({"spec": fields, "task": _definition(self.task)})

    @property
    def group_id(self) -> str:
        """Runs that differ in nothing but the seed share it; a leaderboard cell averages them."""
        fields = self.model_dump(mode="json", exclude=NOT_RESULT_CHANGING | {"seed"})
        return digest({"spec": fields, "task": _definition(self.task)})[:RUN_ID_LENGTH]

    @property
    def run_id(self) -> str:
        return self.fingerprint[:RUN_ID_LENGTH]


def _definition(task: TaskInfo) -> dict[str, Any]:
    names = ("key", "kind", "template", "columns", "labels", "max_length", "truncate", "stratify", "config", "tests")
    return {name: getattr(task, name) for name in (*names, "headline")}
