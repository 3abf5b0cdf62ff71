"""From a request to the graph of runs that it needs: what exists is reused, what is missing is queued."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product
from typing import Any, Literal

from engine.catalog.backbones import OFFLINE_BACKBONE, backbone_defaults
from engine.catalog.method import FEW_SHOT_DEV, MethodInfo, Value
from engine.catalog.methods import METHODS
from engine.catalog.task import TaskInfo
from engine.files.backbones import Backbone, find_backbone
from engine.files.hub import NotHere
from engine.files.identity import backbone_revision, data_identity
from engine.plans.availability import check_available
from engine.plans.resolve import Work, checked, unique, work_of
from engine.plans.source_adapters import check_backbone, texts_of
from engine.registry.store import Store
from engine.registry.tables import Run, RunState, Source
from engine.runs.request import Request
from engine.runs.spec import RunSpec, SourceSpec, joint_name, own_records

STAGE_1_SEED = 0
Role = Literal["target", "source"]


@dataclass
class PlannedRun:
    """One run of a plan and what the registry knows of it."""

    spec: RunSpec
    existing: Run | None
    role: Role
    """``target``: asked for itself."""


@dataclass
class Plan:
    """Runs in the order in which they can be trained: every run after its sources."""

    runs: list[PlannedRun]
    notes: list[str] = field(default_factory=list)
    """What was decided for the user, one sentence each."""
    command: str = ""
    given: list[Run] = field(default_factory=list)
    """Source adapters that the request names by their run."""

    @property
    def new(self) -> list[PlannedRun]:
        return [planned for planned in self.runs if planned.existing is None]

    @property
    def done(self) -> list[PlannedRun]:
        return [planned for planned in self.runs if planned.existing and planned.existing.state == RunState.COMPLETED]

    @property
    def active(self) -> list[PlannedRun]:
        """Queued or at work."""
        return [one for one in self.runs if one.existing and (one.existing.state.live or one.existing.state == RunState.QUEUED)]

    @property
    def over(self) -> list[PlannedRun]:
        """Ended without success; submitting the plan resumes them."""
        return [planned for planned in self.runs if planned.existing and planned.existing.state.over]


def make_plan(request: Request, store: Store) -> Plan:
    """Resolve all names, check every setting and that all files can be had, and look up what exists.

    Raises UserError; then nothing was queued.
    """
    request = checked(request)
    notes: list[str] = []
    work = work_of(request, store, notes)
    tasks = unique([one for _, chosen, sources in work for one in (*chosen, *sources) if isinstance(one, TaskInfo)])
    for (method, chosen, _), settings in product(work, _combinations(request)):
        if _settings(method, chosen, request, settings).get("similarity_model") == OFFLINE_BACKBONE:
            find_backbone(OFFLINE_BACKBONE).folder()
    data = {task.key: data_identity(task, request.data_dir) for task in tasks}
    backbone = find_backbone(request.backbone)
    try:
        runs = _planned(_graph(work, request, _common(request, backbone, download=False), data), store)
        needed = [task for task in tasks if _reads(task, runs)]
    except NotHere:
        runs, needed = [], tasks
    if check_available(backbone, unique(needed + _compared(work)), request.data_dir, work[0][0].name):
        notes.append("files that are not on this machine will be downloaded first")
        runs = runs or _planned(_graph(work, request, _common(request, backbone, download=True), data), store)
    given = unique([source for _, _, sources in work for source in sources if isinstance(source, Run)])
    check_backbone(given, runs[0].spec.backbone, runs[0].spec.backbone_revision)
    return Plan(runs, notes, request.command, given)


def _planned(graph: dict[str, tuple[RunSpec, Role]], store: Store) -> list[PlannedRun]:
    existing = {run.id: run for run in store.runs(ids=list(graph))}
    runs = [PlannedRun(spec, existing.get(run_id), role) for run_id, (spec, role) in graph.items()]
    # A run that is a source of another may have been asked for after it.
    return sorted(runs, key=lambda planned: bool(planned.spec.sources))


def _reads(task: TaskInfo, runs: list[PlannedRun]) -> bool:
    """Whether a run that is not completed yet reads the task's rows."""
    return any(task.key in one.spec.targets and not (one.existing and one.existing.state == RunState.COMPLETED) for one in runs)


def _compared(work: list[Work]) -> list[TaskInfo]:
    """Sources whose texts are compared with the target's, whether or not their adapters are trained already."""
    sources = [source for method, _, sources in work if method.similarities for source in sources]
    return [source if isinstance(source, TaskInfo) else texts_of(source) for source in sources]


def submit(plan: Plan, store: Store) -> list[str]:
    """Queue what is missing and what had failed, was stopped or lost; the ids of the runs asked for.

    One transaction: two equal requests at the same moment yield the same runs.
    """
    rows = [_row(planned.spec, plan.command) for planned in plan.runs]
    edges = [
        Source(run_id=planned.spec.run_id, position=position, source_id=source.run_id, task=source.task)
        for planned in plan.runs
        for position, source in enumerate(planned.spec.sources)
    ]
    store.add(rows, edges)
    return [planned.spec.run_id for planned in plan.runs if planned.role == "target"]


def _graph(work: list[Work], request: Request, common: dict[str, Any], data: dict[str, str]) -> dict[str, tuple[RunSpec, Role]]:
    """All runs by id; one that is both asked for and a source of another is there once, as asked for."""
    found: dict[str, tuple[RunSpec, Role]] = {}
    for method, targets, sources in work:
        for seed, settings in product(request.seeds, _combinations(request)):
            edges = []
            for chosen in sources:
                if isinstance(chosen, Run):
                    edges.append(SourceSpec(task=chosen.target, run_id=chosen.id))
                    continue
                own = chosen in targets
                source = _source_run(method, chosen, request, common, data, seed if own and request.shots else None)
                found.setdefault(source.run_id, (source, "source"))
                edges.append(SourceSpec(task=chosen.key, run_id=source.run_id))
            spec = RunSpec(
                method=method.name,
                targets=tuple(target.key for target in targets),
                sources=tuple(edges),
                seed=seed,
                hyperparameters=_settings(method, targets, request, settings),
                limits=_limits(request, request.shots),
                shots=request.shots,
                data={target.key: data[target.key] for target in targets},
                own=own_records([*targets, *sources]),
                **common,
            )
            found[spec.run_id] = (spec, "target")
    return found


def _source_run(
    method: MethodInfo,
    task: TaskInfo,
    request: Request,
    common: dict[str, Any],
    data: dict[str, str],
    few_shot_seed: int | None,
) -> RunSpec:
    """The stage-1 run of a source. With a seed it is the target's own adapter, trained on the few examples of that seed."""
    source_method = METHODS[method.source_method or ""]
    shots = None if few_shot_seed is None else request.shots
    return RunSpec(
        method=source_method.name,
        targets=(task.key,),
        seed=STAGE_1_SEED if few_shot_seed is None else few_shot_seed,
        hyperparameters=_source_settings(source_method, task, request, shots),
        limits=_limits(request, shots),
        shots=shots,
        data={task.key: data[task.key]},
        own=own_records([task]),
        **common,
    )


def _row(spec: RunSpec, command: str) -> Run:
    return Run(
        id=spec.run_id,
        fingerprint=spec.fingerprint,
        group_id=spec.group_id,
        method=spec.method,
        backbone=spec.backbone,
        benchmark=spec.benchmark,
        target=spec.target,
        seed=spec.seed,
        spec=spec.model_dump(mode="json"),
        command=command,
        metric=spec.headline,
        epochs=int(spec.hyperparameters["epochs"]),
    )


def _combinations(request: Request) -> list[dict[str, Value]]:
    """Every combination of the values of the settings asked for, the last one changing fastest."""
    values = [value if isinstance(value, tuple) else (value,) for value in request.settings.values()]
    return [dict(zip(request.settings, chosen, strict=True)) for chosen in product(*values)]


def _settings(method: MethodInfo, targets: list[TaskInfo], request: Request, asked: dict[str, Value]) -> dict[str, Any]:
    target = joint_name([task.key for task in targets])
    settings = {**backbone_defaults(request.backbone), **asked, **_budget(request)}
    return method.resolve(settings, target, targets[0].select_by, request.shots)


def _source_settings(method: MethodInfo, task: TaskInfo, request: Request, shots: int | None) -> dict[str, Any]:
    settings = {**backbone_defaults(request.backbone), **_budget(request)}
    return method.resolve(settings, task.key, task.select_by, shots)


def _limits(request: Request, shots: int | None) -> dict[str, int]:
    return {"dev": FEW_SHOT_DEV, **request.limits} if shots else request.limits


def _budget(request: Request) -> dict[str, Any]:
    return {} if request.epochs is None else {"epochs": request.epochs}


def _common(request: Request, backbone: Backbone, download: bool) -> dict[str, Any]:
    """The fields that all runs of a request share."""
    revision = backbone_revision(backbone, download)
    return {
        "backbone": backbone.name,
        "backbone_revision": revision,
        "backbone_path": backbone.path_at(revision),
        "data_dir": str(request.data_dir) if request.data_dir else None,
    }
