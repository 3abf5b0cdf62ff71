"""RunSpec: everything that determines a run's result, and the fingerprint that identifies it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SerializerFunctionWrapHandler, field_serializer, model_serializer

from engine.catalog.catalog import BUILT_IN, Catalog
from engine.catalog.method import LARGEST_SEED, MethodInfo, Value
from engine.catalog.records import entry_record, task_from
from engine.catalog.task import MEAN, TaskInfo
from engine.errors import UserError
from engine.runs.definition import Definition, definition_of, identifying

RUN_ID_LENGTH = 10
NOT_RESULT_CHANGING = {"backbone", "backbone_path", "data_dir", "own", "name"}
"""Names and paths; contents are identified by ``backbone_revision`` and ``data``."""


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
    """By key, targets and source tasks that are not built in, so that the run does not depend on later changes of them."""
    name: str | None = None
    """Common name of a joint run's targets, where they are a benchmark that is not built in."""
    distribution: str | None = None
    """Name and version of the installed package whose method it is, which stand for the method's code."""
    dev_only: bool = False
    """Nothing is evaluated on test, because the run only helps to choose a setting (``engine.sweeps.tuning``)."""

    @model_serializer(mode="wrap")
    def _as_stored(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        # Version 0.1.0, which knows no such fields, can then read what has no need of them.
        later = ("name", "distribution", "dev_only")
        return {name: value for name, value in serialize(self).items() if name not in later or value}

    @field_serializer("hyperparameters", "limits", "data")
    def _sorted(self, value: dict[str, Any]) -> dict[str, Any]:
        return dict(sorted(value.items()))

    @property
    def tasks(self) -> tuple[TaskInfo, ...]:
        """The targets. Raises KeyError for an imported adapter whose task is known only where it was trained."""
        return tuple(self.task(key) for key in self.targets)

    def task(self, key: str) -> TaskInfo:
        """A target or source task, as it was when the run was planned. Raises KeyError as ``tasks``."""
        return task_from(self.own[key]) if key in self.own else BUILT_IN.tasks[key]

    def known_task(self, key: str, catalog: Catalog) -> TaskInfo | None:
        """``task(key)``, else the task with this key in ``catalog``, which may be another one; None if there is none."""
        return task_from(self.own[key]) if key in self.own else catalog.tasks.get(key)

    def completed_from(self, catalog: Catalog) -> RunSpec:
        """A copy that also records tasks which only ``catalog`` knows: those of an imported adapter, whose file lacks them."""
        keys = (*self.targets, *(source.task for source in self.sources))
        known = own_records(catalog.tasks[key] for key in keys if key not in self.own and key in catalog.tasks)
        return self.model_copy(update={"own": {**self.own, **known}}) if known else self

    def method_in(self, catalog: Catalog) -> MethodInfo:
        """The method's entry. Raises UserError unless ``catalog`` has the code that the run was planned with."""
        info = catalog.methods.get(self.method)
        if info is not None and info.distribution == (self.distribution or ""):
            return info
        needed = f"{self.distribution} for its method {self.method}" if self.distribution else f"the method {self.method}"
        package = (self.distribution or "").partition(" ")[0]
        broken = next((f" ({line})" for line in catalog.left_out if package in line.split()), "")
        have = f"; here it is that of {info.distribution or 'this program'}" if info else broken
        raise UserError(f"the run needs {needed}{have}; install it again, or ask for a new run")

    @property
    def select_by(self) -> str:
        """What picks the best epoch: ``loss`` or ``metric``; empty in a file from elsewhere that lacks the setting."""
        return str(self.hyperparameters.get("select_by", ""))

    @property
    def joint(self) -> bool:
        """Whether the run learns several targets together."""
        return len(self.targets) > 1

    @property
    def target(self) -> str:
        """One name for the targets: ``glue/rte``, ``glue`` for all of its tasks in order, ``glue/rte+mrpc`` for some."""
        return self.name or BUILT_IN.joint_name(self.targets)

    @property
    def benchmark(self) -> str:
        """``glue``, or ``glue+superglue`` where targets are of several."""
        return "+".join(dict.fromkeys(key.partition("/")[0] for key in self.targets))

    @property
    def definitions(self) -> list[Definition]:
        """The part of each target's declaration that changes the result."""
        return [definition_of(task) for task in self.tasks]

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


def fingerprint_of(spec: RunSpec, definitions: Sequence[Definition]) -> str:
    """``RunSpec.fingerprint`` from the definitions of its targets, which need not be in the catalog."""
    return digest(_identity(spec, definitions))


def group_of(spec: RunSpec, definitions: Sequence[Definition]) -> str:
    """``RunSpec.group_id`` from the definitions of its targets."""
    identity = _identity(spec, definitions)
    del identity["spec"]["seed"]
    if spec.shots:
        # The target's own adapter was trained on the same draw, so it is another run for every seed.
        for source in identity["spec"]["sources"]:
            if source["task"] in spec.targets:
                del source["run_id"]
    return digest(identity)[:RUN_ID_LENGTH]


def headline_of(definitions: Sequence[Definition]) -> str:
    """Name of the headline metric of a run with these targets."""
    return str(definitions[0]["headline"]) if len(definitions) == 1 else MEAN


def own_records(tasks: Iterable[TaskInfo]) -> dict[str, dict[str, Any]]:
    """The field ``own`` of a run that learns or reads these tasks."""
    return {task.key: entry_record(task) for task in tasks if task.key not in BUILT_IN.tasks}


def _identity(spec: RunSpec, definitions: Sequence[Definition]) -> dict[str, Any]:
    fields = spec.model_dump(mode="json", exclude=NOT_RESULT_CHANGING)
    return {"spec": fields, "tasks": [identifying(definition, spec.select_by) for definition in definitions]}
