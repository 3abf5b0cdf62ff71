"""The runs that a request needs, as specifications: its own runs and those of their source adapters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any, Literal

from engine.catalog.catalog import BUILT_IN, Catalog
from engine.catalog.method import FEW_SHOT_DEV, MethodInfo
from engine.catalog.task import TaskInfo
from engine.plans.resolve import Work, source_settings
from engine.registry.records import Run
from engine.runs.request import Request
from engine.runs.spec import RunSpec, SourceSpec, own_records

STAGE_1_SEED = 0
Role = Literal["target", "source"]


@dataclass(frozen=True)
class Node:
    """One run of the graph."""

    run_id: str
    """Beginning of its fingerprint, or the id under which an earlier version stored it with another fingerprint."""
    spec: RunSpec
    role: Role
    """``target``: requested itself; ``source``: needed by a requested run."""


@dataclass(frozen=True)
class Graph:
    """Builds the runs of one request."""

    request: Request
    catalog: Catalog
    common: Mapping[str, Any]
    """Fields that all its runs share: the backbone and the data folder."""
    data: Mapping[str, str]
    """Identity of each task's rows."""
    aliases: Mapping[str, str]
    """Run ids by fingerprints other than the runs' own (``registry.tables.AliasTable``)."""
    nodes: dict[str, Node] = field(default_factory=dict)
    """By run id, every run after its sources unless it is a source itself."""

    def add(self, work: Work) -> None:
        """Add the runs of ``work``, one for each seed and combination of settings, and the source runs that they need."""
        for seed, settings in product(self.request.seeds, work.settings):
            sources = [self._source(work, source, seed) for source in work.sources]
            spec = RunSpec(
                method=work.method.name,
                targets=tuple(task.key for task in work.targets),
                name=self._name(work.targets),
                sources=tuple(sources),
                seed=seed,
                hyperparameters=settings,
                limits=self._limits(work.shots),
                shots=work.shots,
                data={task.key: self.data[task.key] for task in work.targets},
                own=own_records([*work.targets, *self._tasks(work.sources)]),
                distribution=work.method.distribution or None,
                dev_only=self.request.dev_only,
                **self.common,
            )
            run_id = self._run_id(spec)
            self.nodes[run_id] = Node(run_id, spec, "target")

    def _source(self, work: Work, source: TaskInfo | Run, seed: int) -> SourceSpec:
        """The source's run, which is added to the graph unless the request names it by its id."""
        if isinstance(source, Run):
            return SourceSpec(task=source.target, run_id=source.id)
        method = self.catalog.methods[work.method.source_method or ""]
        few_shot = work.shots is not None and source in work.targets
        spec = self._source_run(method, source, work.shots, seed) if few_shot else self._source_run(method, source)
        run_id = self._run_id(spec)
        self.nodes.setdefault(run_id, Node(run_id, spec, "source"))
        return SourceSpec(task=source.key, run_id=run_id)

    def _source_run(self, method: MethodInfo, task: TaskInfo, shots: int | None = None, seed: int = STAGE_1_SEED) -> RunSpec:
        """The stage-1 run of a source. With ``shots`` it is the target's own adapter, trained on the examples of ``seed``."""
        return RunSpec(
            method=method.name,
            targets=(task.key,),
            seed=seed,
            hyperparameters=source_settings(method, task, self.request, shots),
            limits=self._limits(shots),
            shots=shots,
            data={task.key: self.data[task.key]},
            own=own_records([task]),
            distribution=method.distribution or None,
            **self.common,
        )

    def _run_id(self, spec: RunSpec) -> str:
        return self.aliases.get(spec.fingerprint, spec.run_id)

    def _limits(self, shots: int | None) -> dict[str, int]:
        return {"dev": FEW_SHOT_DEV, **self.request.limits} if shots else self.request.limits

    def _name(self, targets: Sequence[TaskInfo]) -> str | None:
        """Name of the benchmark that consists of a joint run's targets, if there is one that is not built in."""
        keys = [task.key for task in targets]
        name = self.catalog.joint_name(keys)
        return name if len(keys) > 1 and name != BUILT_IN.joint_name(keys) else None

    def _tasks(self, sources: Sequence[TaskInfo | Run]) -> list[TaskInfo]:
        """The tasks of the sources, without those that the catalog lacks."""
        tasks = [
            source.parsed.known_task(source.target, self.catalog) if isinstance(source, Run) else source for source in sources
        ]
        return [task for task in tasks if task]
