"""RunSpec: all that determines a run's result, and the fingerprint that identifies it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_serializer

from engine.catalog.benchmarks import BENCHMARKS, TASKS
from engine.catalog.method import LARGEST_SEED, MethodInfo, Value
from engine.catalog.methods import METHODS
from engine.catalog.task import MEAN, OwnData, TaskInfo
from engine.own_benchmarks.stored import task_from, task_in, task_record
from engine.registry.tables import Run

RUN_ID_LENGTH = 10
NOT_RESULT_CHANGING = {"backbone", "backbone_path", "data_dir", "own"}
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
    targets: tuple[str, ...] = Field(min_length=1)
    """Task keys; several, in order, for a joint run."""
    sources: tuple[SourceSpec, ...] = ()
    """In the order in which the method stacks them; the target's own adapter last."""
    seed: int = Field(default=0, ge=0, le=LARGEST_SEED)
    hyperparameters: dict[str, Value]
    """Complete and sorted: defaults of today written out, so that a later default cannot change an old run."""
    limits: dict[str, int] = {}
    """Number of examples kept per split."""
    shots: int | None = None
    """Few-shot: the number of training examples drawn by the seed."""
    data: dict[str, str]
    """Identity of each target's rows: hub commit, generator version, or ``sha256:<digest>`` of local files."""
    backbone_path: str | None = None
    data_dir: str | None = None
    own: dict[str, dict[str, Any]] = {}
    """By key, targets and source tasks of a user's own benchmark: the run does not depend on what becomes of that."""

    @field_serializer("hyperparameters", "limits", "data")
    def _sorted(self, value: dict[str, Any]) -> dict[str, Any]:
        return dict(sorted(value.items()))

    @property
    def tasks(self) -> tuple[TaskInfo, ...]:
        return tuple(self.task(key) for key in self.targets)

    def task(self, key: str) -> TaskInfo:
        """A target or source task, as it was when the run was planned."""
        return task_from(self.own[key]) if key in self.own else TASKS[key]

    @property
    def method_info(self) -> MethodInfo:
        return METHODS[self.method]

    @property
    def target(self) -> str:
        """The targets in one word: ``glue/rte``, ``glue`` for all of its tasks in order, ``glue/rte+mrpc`` for some."""
        return joint_name(self.targets)

    @property
    def benchmark(self) -> str:
        """``glue``, or ``glue+superglue`` where targets are of several."""
        return "+".join(dict.fromkeys(task.benchmark for task in self.tasks))

    @property
    def headline(self) -> str:
        """Name of the metric that stands for the run."""
        return self.tasks[0].headline if len(self.targets) == 1 else MEAN

    @property
    def fingerprint(self) -> str:
        """sha256 over every result-changing field and the targets' definitions (template, labels, lengths, splits)."""
        return fingerprint_of(self, self.definitions)

    @property
    def group_id(self) -> str:
        """Runs that differ in nothing but the seed share it; a leaderboard cell averages them."""
        return group_of(self, self.definitions)

    @property
    def run_id(self) -> str:
        return self.fingerprint[:RUN_ID_LENGTH]

    @property
    def definitions(self) -> list[dict[str, Any]]:
        """What of each target's declaration changes the result."""
        return [_definition(task) for task in self.tasks]


def fingerprint_of(spec: RunSpec, definitions: Sequence[Mapping[str, Any]]) -> str:
    """``RunSpec.fingerprint`` by the definitions of its targets, which need not be in the catalog."""
    return digest(_identity(spec, definitions))


def group_of(spec: RunSpec, definitions: Sequence[Mapping[str, Any]]) -> str:
    """``RunSpec.group_id`` likewise."""
    identity = _identity(spec, definitions)
    del identity["spec"]["seed"]
    if spec.shots:
        # The target's own adapter was trained on the same draw, so it is another run for every seed.
        for source in identity["spec"]["sources"]:
            if source["task"] in spec.targets:
                del source["run_id"]
    return digest(identity)[:RUN_ID_LENGTH]


def _identity(spec: RunSpec, definitions: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    fields = spec.model_dump(mode="json", exclude=NOT_RESULT_CHANGING)
    return {"spec": fields, "tasks": list(definitions)}


def own_records(tasks: Iterable[TaskInfo | Run]) -> dict[str, dict[str, Any]]:
    """The field ``own`` of a run that learns or reads these tasks, or those of these single-task runs."""
    known = [task_in(task.spec, task.target) if isinstance(task, Run) else task for task in tasks]
    return {task.key: task_record(task) for task in known if task and isinstance(task.data, OwnData)}


def joint_name(keys: Sequence[str]) -> str:
    """Task keys in one word, each benchmark named once: ``glue/rte+mrpc+superglue/cb``; ``glue`` for exactly its tasks."""
    for benchmark in BENCHMARKS.values():
        if len(keys) > 1 and tuple(keys) == tuple(task.key for task in benchmark.tasks):
            return benchmark.name
    words, place = [], ""
    for key in keys:
        benchmark_name, _, name = key.partition("/")
        words.append(name if benchmark_name == place else key)
        place = benchmark_name
    return "+".join(words)


def _definition(task: TaskInfo) -> dict[str, Any]:
    names = (
        "key", "kind", "template", "columns", "label_column", "labels", "max_length", "truncate", "stratify", "config", "dev",
        "tests", "headline",
    )  # fmt: skip
    definition = {name: getattr(task, name) for name in names}
    if isinstance(task.data, OwnData):
        # Another metric asks for other numbers; those of built-in tasks change with the program alone.
        shares = [task.data.dev_share, task.data.test_share]
        definition |= {"own": task.data.definition, "shares": shares, "metrics": task.metrics}
    return definition
