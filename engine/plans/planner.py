"""From a request to the graph of runs that it needs: what exists is reused, what is missing is queued."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.catalog.backbones import OFFLINE_BACKBONE
from engine.catalog.catalog import Catalog
from engine.catalog.task import TaskInfo
from engine.files.backbones import Backbone, find_backbone
from engine.files.hub import NotDownloaded
from engine.files.identity import backbone_revision, data_identity
from engine.plans.availability import check_available
from engine.plans.graph import Graph, Node, Role
from engine.plans.resolve import Work, unique, validated, work_of
from engine.plans.source_adapters import check_backbone, compared_task
from engine.registry.reading import Reader
from engine.registry.records import Run, RunState, Source
from engine.runs.placement import ANYWHERE, Placement
from engine.runs.request import Request
from engine.runs.spec import RunSpec

if TYPE_CHECKING:
    from engine.registry.store import Store


@dataclass
class PlannedRun:
    """One run of a plan and its row in the registry, if any."""

    run_id: str
    spec: RunSpec
    existing: Run | None
    role: Role
    """``target``: requested itself; ``source``: needed by a requested run."""
    request: Request
    """What asked for it."""

    @property
    def done(self) -> bool:
        """Whether the run is completed, so that nothing has to be trained."""
        return self.existing is not None and self.existing.state is RunState.COMPLETED


@dataclass
class Plan:
    """Runs in the order in which they can be trained: every run after its sources."""

    data_dir: Path | None
    """Folder of files in the hub's schema, used in place of the hub."""
    runs: list[PlannedRun]
    notes: list[str] = field(default_factory=list)
    """Decisions made for the user, one sentence each."""
    named_sources: list[Run] = field(default_factory=list)
    """Source adapters that the request names by their run."""
    unread: list[TaskInfo] = field(default_factory=list)
    """Tasks whose rows will be read: by runs that are not completed yet, or to compare them with the target's."""
    data: dict[str, str] = field(default_factory=dict)
    """Identity of the rows of each task that the request names, by key."""

    @property
    def new(self) -> list[PlannedRun]:
        return [planned for planned in self.runs if planned.existing is None]

    @property
    def done(self) -> list[PlannedRun]:
        return [planned for planned in self.runs if planned.done]

    @property
    def active(self) -> list[PlannedRun]:
        """Queued, starting or running."""
        return [planned for planned in self.runs if planned.existing and planned.existing.state.active]

    @property
    def over(self) -> list[PlannedRun]:
        """Ended without success; submitting the plan resumes them."""
        return [planned for planned in self.runs if planned.existing and planned.existing.state.over]


def make_plan(request: Request, reader: Reader, catalog: Catalog) -> Plan:
    """Resolve all names, check every setting and the availability of all files, and look up existing runs.

    Raises UserError; nothing is queued.
    """
    request = validated(request)
    notes: list[str] = []
    work = work_of(request, catalog, reader, notes)
    if any(settings.get("similarity_model") == OFFLINE_BACKBONE for part in work for settings in part.settings):
        find_backbone(OFFLINE_BACKBONE).folder()
    tasks = unique([task for part in work for task in (*part.targets, *part.sources) if isinstance(task, TaskInfo)])
    data = {task.key: data_identity(task, request.data_dir) for task in tasks}
    backbone = find_backbone(request.backbone)

    def plan_runs(download: bool) -> list[PlannedRun]:
        graph = Graph(request, catalog, _common(request, backbone, download), data, reader.aliases())
        for part in work:
            graph.add(part)
        return _planned(graph.nodes, request, reader)

    try:
        runs = plan_runs(download=False)
        needed = [task for task in tasks if _reads(task, runs)]
    except NotDownloaded:
        runs, needed = [], tasks
    unread = unique(needed + _compared(work, catalog))
    if check_available(backbone, unread, request.data_dir, unique([part.method.name for part in work])):
        notes.append("files that are not on this machine will be downloaded first")
        runs = runs or plan_runs(download=True)
    named_sources = unique([source for part in work for source in part.sources if isinstance(source, Run)])
    check_backbone(named_sources, runs[0].spec.backbone, runs[0].spec.backbone_revision)
    notes += _unscored(runs, reader)
    return Plan(request.data_dir, runs, notes, named_sources, unread, data)


def submit(plan: Plan, store: Store, placement: Placement = ANYWHERE) -> list[str]:
    """Queue new runs and those that failed, were stopped or lost; returns the ids of the requested runs.

    One transaction: two equal requests at the same moment yield the same runs.
    """
    rows = [_row(planned, placement) for planned in plan.runs]
    edges = [
        Source(run_id=planned.run_id, position=position, source_id=source.run_id, task=source.task)
        for planned in plan.runs
        for position, source in enumerate(planned.spec.sources)
    ]
    store.add(rows, edges)
    return [planned.run_id for planned in plan.runs if planned.role == "target"]


def _row(planned: PlannedRun, placement: Placement) -> Run:
    placed: dict[str, Any] = {"priority": placement.priority, "gpus": ",".join(placement.gpus) or None}
    if planned.existing is None:
        return Run.of(planned.spec, planned.request, **placed)
    # An earlier version may have stored it under another fingerprint.
    kept = {name: getattr(planned.existing, name) for name in ("id", "fingerprint", "group_id")}
    return Run.of(planned.spec, planned.request, **placed, **kept)


def _planned(nodes: dict[str, Node], request: Request, reader: Reader) -> list[PlannedRun]:
    existing = {run.id: run for run in reader.runs(ids=list(nodes))}
    runs = [PlannedRun(node.run_id, node.spec, existing.get(node.run_id), node.role, request) for node in nodes.values()]
    return sources_first(runs)


def sources_first(runs: Iterable[PlannedRun]) -> list[PlannedRun]:
    """The runs, each after its sources: it may have been requested after another that it is a source of."""
    return sorted(runs, key=lambda planned: bool(planned.spec.sources))


def _unscored(runs: list[PlannedRun], reader: Reader) -> list[str]:
    """For completed runs of own tasks that were not scored by what is the headline metric by now, what to do about it."""
    done = [planned for planned in runs if planned.done and not planned.spec.dev_only]
    results = reader.results([planned.run_id for planned in done if planned.spec.own])
    return [
        f"{planned.run_id} ({task.key}) was not scored by {task.headline}; `scalearn delete {planned.run_id}` and ask again"
        for planned in done
        if planned.run_id in results
        for task in planned.spec.tasks
        if task.headline not in results[planned.run_id].get(task.key, {}).get("test", {})
    ]


def _reads(task: TaskInfo, runs: list[PlannedRun]) -> bool:
    """Whether a run that is not completed yet reads the task's rows."""
    return any(task.key in planned.spec.targets and not planned.done for planned in runs)


def _compared(work: list[Work], catalog: Catalog) -> list[TaskInfo]:
    """Sources whose texts are compared with the target's, whether or not their adapters are trained already."""
    sources = [source for part in work if part.method.similarities for source in part.sources]
    return [source if isinstance(source, TaskInfo) else compared_task(source, catalog) for source in sources]


def _common(request: Request, backbone: Backbone, download: bool) -> dict[str, Any]:
    """The fields that all runs of a request share."""
    revision = backbone_revision(backbone, download)
    return {
        "backbone": backbone.name,
        "backbone_revision": revision,
        "backbone_path": backbone.path_at(revision),
        "data_dir": str(request.data_dir) if request.data_dir else None,
    }
