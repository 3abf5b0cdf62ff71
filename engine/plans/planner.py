"""From a request to the graph of runs that it needs: what exists is reused, what is missing is queued."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from engine.catalog.backbones import BACKBONES, OFFLINE_BACKBONE, backbone_defaults
from engine.catalog.benchmarks import TASKS, find_benchmark, find_task
from engine.catalog.files import backbone_folder, backbone_revision, data_identity
from engine.catalog.hub import NotHere
from engine.catalog.method import FEW_SHOT_DEV, LARGEST_SEED, MethodInfo
from engine.catalog.methods import METHODS, find_method
from engine.catalog.task import BenchmarkInfo, TaskInfo
from engine.errors import UserError
from engine.plans.availability import check_available
from engine.plans.given import check_backbone, check_source, check_widths, texts_of
from engine.plans.request import Request
from engine.plans.spec import RunSpec, SourceSpec, joint_name, own_records
from engine.registry.store import Store
from engine.registry.tables import Run, RunState, Source

STAGE_1_SEED = 0
SPLITS = ("train", "dev", "test")
Role = Literal["target", "source"]
SourceChoice = TaskInfo | Run
"""A task, whose adapter is planned, or a completed run of the registry that is taken as it is."""
Work = tuple[MethodInfo, list[TaskInfo], list[SourceChoice]]
"""A method, its targets (one, unless the method is a joint one) and its sources."""


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
    request = _checked(request)
    methods = _unique([find_method(name) for name in request.methods])
    notes: list[str] = []
    targets = _targets(request, notes)
    work: list[Work] = []
    for method in methods:
        if method.joint and len(targets) == 1:
            notes.append(f"{method.name} learns several tasks together; here it gets one")
        for chosen in [targets] if method.joint else [[target] for target in targets]:
            work.append((method, chosen, _sources(method, chosen, request, store)))
    tasks = _unique([one for _, chosen, sources in work for one in (*chosen, *sources) if isinstance(one, TaskInfo)])
    for method, chosen, _ in work:
        if _settings(method, chosen, request).get("similarity_model") == OFFLINE_BACKBONE:
            backbone_folder(OFFLINE_BACKBONE)
    data = {task.key: data_identity(task, request.data_dir) for task in tasks}
    try:
        runs = _planned(_graph(work, request, _common(request, download=False), data), store)
        needed = [task for task in tasks if _reads(task, runs)]
    except NotHere:
        runs, needed = [], tasks
    if check_available(request.backbone, _unique(needed + _compared(work)), request.data_dir, methods[0].name):
        notes.append("files that are not on this machine will be downloaded first")
        runs = runs or _planned(_graph(work, request, _common(request, download=True), data), store)
    given = _unique([source for _, _, sources in work for source in sources if isinstance(source, Run)])
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
        for seed in request.seeds:
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
                hyperparameters=_settings(method, targets, request),
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


def _checked(request: Request) -> Request:
    """The request with an absolute data folder and without repetitions. Raises UserError for numbers out of range."""
    if not request.methods:
        raise UserError("name a method with --method; `scalearn methods` lists them")
    if not request.targets and not request.benchmark:
        raise UserError("name a task with --target; `scalearn tasks` lists them")
    if request.shots is not None and request.shots < 1:
        raise UserError(f"shots must be at least 1, not {request.shots}")
    for seed in request.seeds:
        if not 0 <= seed <= LARGEST_SEED:
            raise UserError(f"a seed must lie between 0 and {LARGEST_SEED}, not {seed}")
    for split, count in request.limits.items():
        if split not in SPLITS:
            raise UserError(f"no split {split!r} to limit; there are {', '.join(SPLITS)}")
        if count < 1:
            raise UserError(f"the limit of {split} must be at least 1, not {count}")
    if request.epochs is not None and "epochs" in request.settings:
        raise UserError("epochs are given twice; leave out --set epochs or --epochs")
    folder = request.data_dir.expanduser().resolve() if request.data_dir else None
    if folder and not folder.is_dir():
        raise UserError(f"{request.data_dir} is not a folder; --data-dir takes one with files in the hub's schema")
    return request.model_copy(update={"data_dir": folder, "seeds": tuple(dict.fromkeys(request.seeds)) or (0,)})


def _targets(request: Request, notes: list[str]) -> list[TaskInfo]:
    """The tasks named, or all of the benchmark named."""
    if request.targets:
        return _unique([_target(name, request, notes) for name in request.targets])
    return list(find_benchmark(request.benchmark or "").tasks)


def _target(name: str, request: Request, notes: list[str]) -> TaskInfo:
    task = find_task(name, request.benchmark)
    if request.benchmark and task not in find_benchmark(request.benchmark).tasks:
        raise UserError(f"{task.key} is not a task of {request.benchmark}; leave out --benchmark or name another target")
    others = [one.key for one in TASKS.values() if one.name == task.name and one != task]
    if others and "/" not in name and not request.benchmark:
        notes.append(f"{name} is {task.key}; write {' or '.join(others)} for the other")
    return task


def _sources(method: MethodInfo, targets: list[TaskInfo], request: Request, store: Store) -> list[SourceChoice]:
    """Sources in stacking order, the target's own last; empty for a method without sources."""
    if method.joint and request.shots:
        raise UserError(f"{method.name} is a joint method; --shots is for single-task and two-stage methods")
    if method.source_method is None:
        if request.sources is not None:
            alone = "its targets" if method.joint else "its target"
            raise UserError(f"{method.name} learns from {alone} alone; leave out --sources or choose a two-stage method")
        return []
    (target,) = targets
    benchmark = find_benchmark(request.benchmark or target.benchmark)
    chosen: list[SourceChoice] = list(benchmark.tasks)
    if request.sources is not None:
        chosen = [_source(name, target, benchmark, method, request, store) for name in request.sources]
    keys = [source.target if isinstance(source, Run) else source.key for source in chosen]
    if not chosen:
        raise UserError(
            f"{method.name} needs source tasks; name some with --sources, or leave it out for all of {benchmark.name}"
        )
    for key in keys:
        if keys.count(key) > 1:
            raise UserError(f"the source {key} is named twice; leave one out")
    if method.source_count not in (None, len(chosen)):
        raise UserError(f"{method.name} takes {method.source_count} source(s), not {len(chosen)}; name them with --sources")
    check_widths(method, chosen)
    return [one for _, one in sorted(zip(keys, chosen, strict=True), key=lambda pair: pair[0] == target.key)]


def _source(
    name: str, target: TaskInfo, benchmark: BenchmarkInfo, method: MethodInfo, request: Request, store: Store
) -> SourceChoice:
    """A task of the target's benchmark, else of any other one, else a run of the registry."""
    for place in (benchmark.name, None):
        try:
            return find_task(name, place)
        except UserError as error:
            no_task = error
    try:
        run = store.find(name)
    except UserError as error:
        raise UserError(f"{no_task}; {error}") from None
    check_source(run, target, method, request)
    return run


def _settings(method: MethodInfo, targets: list[TaskInfo], request: Request) -> dict[str, Any]:
    target = joint_name([task.key for task in targets])
    settings = {**backbone_defaults(request.backbone), **request.settings, **_budget(request)}
    return method.resolve(settings, target, targets[0].select_by, request.shots)


def _source_settings(method: MethodInfo, task: TaskInfo, request: Request, shots: int | None) -> dict[str, Any]:
    settings = {**backbone_defaults(request.backbone), **_budget(request)}
    return method.resolve(settings, task.key, task.select_by, shots)


def _limits(request: Request, shots: int | None) -> dict[str, int]:
    return {"dev": FEW_SHOT_DEV, **request.limits} if shots else request.limits


def _budget(request: Request) -> dict[str, Any]:
    return {} if request.epochs is None else {"epochs": request.epochs}


def _common(request: Request, download: bool) -> dict[str, Any]:
    """The fields that all runs of a request share."""
    name = request.backbone
    revision = backbone_revision(name, download)
    path = None
    if name.lower() in BACKBONES:
        name = name.lower()
    elif Path(name).expanduser().is_dir():
        name = path = str(Path(name).expanduser().resolve())
    else:
        name = name.partition("@")[0]
        path = f"{name}@{revision}"
    return {
        "backbone": name,
        "backbone_revision": revision,
        "backbone_path": path,
        "data_dir": str(request.data_dir) if request.data_dir else None,
    }


def _unique(items: list[Any]) -> list[Any]:
    return [item for place, item in enumerate(items) if item not in items[:place]]
