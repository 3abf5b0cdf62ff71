"""Resolve the names in a request to methods, tasks and source adapters."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product
from typing import Any

from engine.catalog.catalog import Catalog, plain_name
from engine.catalog.kinds import KINDS
from engine.catalog.method import LARGEST_SEED, MethodInfo, Value
from engine.catalog.task import LIMITED_SPLITS, BenchmarkInfo, TaskInfo
from engine.errors import UserError, did_you_mean
from engine.plans.source_adapters import check_source, check_widths
from engine.registry.reading import Reader
from engine.registry.records import Run
from engine.runs.request import Request

ALL_BUT = "all-"
SourceChoice = TaskInfo | Run
"""A task, whose adapter is planned, or a completed run of the registry that is used as it is."""


@dataclass(frozen=True)
class Work:
    """A method on one target, or a joint method on several, with every requested combination of settings."""

    method: MethodInfo
    targets: list[TaskInfo]
    sources: list[SourceChoice]
    """In stacking order, the target's own last."""
    settings: list[dict[str, Value]]
    """Complete settings, one run for each."""
    shots: int | None
    """Training examples of a few-shot run."""


def validated(request: Request) -> Request:
    """The request with an absolute data folder and without repetitions.

    Raises UserError for numbers out of range, unknown splits and a data folder that does not exist; epochs are checked with the
    other settings.
    """
    if not request.methods:
        raise UserError("name a method with --method; `scalearn methods` lists them")
    if not request.targets and not request.benchmark:
        raise UserError("name a task with --target; `scalearn tasks` lists them")
    for shots in request.shots:
        if shots < 1:
            raise UserError(f"shots must be at least 1, not {shots}")
    for seed in request.seeds:
        if not 0 <= seed <= LARGEST_SEED:
            raise UserError(f"a seed must lie between 0 and {LARGEST_SEED}, not {seed}")
    for split, count in request.limits.items():
        if split not in LIMITED_SPLITS:
            close = did_you_mean(split, LIMITED_SPLITS)
            raise UserError(f"--limit takes {', '.join(LIMITED_SPLITS)}, not {split!r}{close}")
        if count < 1:
            raise UserError(f"the limit of {split} must be at least 1, not {count}")
    if request.epochs is not None and "epochs" in request.settings:
        raise UserError("epochs are given twice; leave out --set epochs or --epochs")
    folder = request.data_dir.expanduser().resolve() if request.data_dir else None
    if folder and not folder.is_dir():
        raise UserError(f"{request.data_dir} is not a folder; --data-dir takes one with files in the hub's schema")
    unique_numbers = {"seeds": tuple(dict.fromkeys(request.seeds)) or (0,), "shots": tuple(dict.fromkeys(request.shots))}
    return request.model_copy(update={"data_dir": folder, **unique_numbers})


def work_of(request: Request, catalog: Catalog, reader: Reader, notes: list[str]) -> list[Work]:
    """The work of a validated request; decisions made for the user are added to ``notes``. Raises UserError."""
    targets = _targets(request, catalog, notes)
    work: list[Work] = []
    for method in unique([catalog.find_method(name) for name in request.methods]):
        if method.joint and len(targets) == 1:
            notes.append(f"{method.name} learns several tasks together; here it gets one")
        for chosen in [targets] if method.joint else [[target] for target in targets]:
            sources = _sources(method, chosen, request, catalog, reader)
            for shots in request.shots or (None,):
                notes += _too_few_shots(chosen, shots)
                work.append(Work(method, chosen, sources, _settings(method, chosen, shots, request, catalog), shots))
    return work


def _too_few_shots(targets: list[TaskInfo], shots: int | None) -> list[str]:
    return [
        f"--shots {shots} is fewer than the {len(task.labels)} classes of {task.key}; the run's log names those left out"
        for task in targets
        if shots and KINDS[task.kind].balanced and shots < len(task.labels)
    ]


def source_settings(method: MethodInfo, task: TaskInfo, request: Request, shots: int | None) -> dict[str, Value]:
    """Settings of a source adapter that is trained for the request: the method's defaults with the request's budget."""
    return method.resolve(_budget(request), task.key, task.select_by, shots)


def _settings(
    method: MethodInfo, targets: list[TaskInfo], shots: int | None, request: Request, catalog: Catalog
) -> list[dict[str, Value]]:
    """Settings for every requested combination of values, the last setting varying fastest. Raises UserError."""
    name = catalog.joint_name([task.key for task in targets])
    values = [value if isinstance(value, tuple) else (value,) for value in request.settings.values()]
    combinations = [dict(zip(request.settings, chosen, strict=True)) for chosen in product(*values)]
    resolved = [method.resolve({**asked, **_budget(request)}, name, targets[0].select_by, shots) for asked in combinations]
    return [_bounded(settings, targets, request) for settings in resolved]


def _bounded(settings: dict[str, Value], targets: list[TaskInfo], request: Request) -> dict[str, Value]:
    """The settings with epochs of a joint run that are no longer than a pass over its rows, where the request has a budget.

    Its papers' epochs have a fixed number of steps, which would make a small budget as long as a full one.
    """
    if "steps_per_epoch" not in settings or "steps_per_epoch" in request.settings:
        return settings
    rows = [task.split_sizes["train"] for task in targets]
    if (request.epochs is None and "train" not in request.limits) or not all(rows):
        return settings
    kept = sum(min(count, request.limits.get("train", count)) for count in rows)
    a_pass = math.ceil(kept / int(settings["batch_size"]))
    return {**settings, "steps_per_epoch": min(int(settings["steps_per_epoch"]), a_pass)}


def _budget(request: Request) -> dict[str, Value]:
    return {} if request.epochs is None else {"epochs": request.epochs}


def unique(items: list[Any]) -> list[Any]:
    """The items without repetitions, in the order of their first occurrence."""
    return [item for index, item in enumerate(items) if item not in items[:index]]


def _targets(request: Request, catalog: Catalog, notes: list[str]) -> list[TaskInfo]:
    """The tasks named, or all of the benchmark named."""
    if request.targets:
        return unique([_target(name, request, catalog, notes) for name in request.targets])
    return list(catalog.find_benchmark(request.benchmark or "").tasks)


def _target(name: str, request: Request, catalog: Catalog, notes: list[str]) -> TaskInfo:
    task = catalog.find_task(name, request.benchmark)
    if request.benchmark and task not in catalog.find_benchmark(request.benchmark).tasks:
        raise UserError(f"{task.key} is not a task of {request.benchmark}; leave out --benchmark or name another target")
    others = [other.key for other in catalog.tasks.values() if other.name == task.name and other != task]
    if others and "/" not in name and not request.benchmark:
        notes.append(f"{name} is {task.key}; write {' or '.join(others)} for the other")
    return task


def _sources(
    method: MethodInfo, targets: list[TaskInfo], request: Request, catalog: Catalog, reader: Reader
) -> list[SourceChoice]:
    """Sources in stacking order, the target's own last; empty for a method without sources."""
    if method.joint and request.shots:
        raise UserError(f"{method.name} is a joint method; --shots is for single-task and two-stage methods")
    if method.source_method is None:
        if request.sources is not None:
            alone = "its targets" if method.joint else "its target"
            raise UserError(f"{method.name} learns from {alone} alone; leave out --sources or choose a two-stage method")
        return []
    (target,) = targets
    benchmark = catalog.find_benchmark(request.benchmark or target.benchmark)
    chosen: list[SourceChoice] = list(benchmark.tasks)
    if request.sources is not None:
        named = [_named_sources(name, target, benchmark, method, request, catalog, reader) for name in request.sources]
        chosen = [source for sources in named for source in sources]
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
    check_widths(catalog.methods[method.source_method], chosen)
    return [source for _, source in sorted(zip(keys, chosen, strict=True), key=lambda pair: pair[0] == target.key)]


def _named_sources(
    name: str,
    target: TaskInfo,
    benchmark: BenchmarkInfo,
    method: MethodInfo,
    request: Request,
    catalog: Catalog,
    reader: Reader,
) -> list[SourceChoice]:
    """A task of the target's benchmark, else of any other one; else all tasks of the benchmark of this name, or those of the
    target's but one (``all-own``: but the target, ``all-cb``: but cb); else a run of the registry."""
    for searched in (benchmark.name, None):
        try:
            return [catalog.find_task(name, searched)]
        except UserError as error:
            no_task = error
    whole = next((info for known, info in catalog.benchmarks.items() if plain_name(known) == plain_name(name)), None)
    if whole:
        return list(whole.tasks)
    if name.lower().startswith(ALL_BUT):
        but = name[len(ALL_BUT) :]
        left_out = target if but.lower() == "own" else catalog.find_task(but, benchmark.name)
        return [task for task in benchmark.tasks if task != left_out]
    try:
        run = reader.find(name)
    except UserError as error:
        close = did_you_mean(name, [f"{ALL_BUT}own", *catalog.benchmarks])
        raise UserError(f"{no_task}; no benchmark {name!r}{close}; {error}") from None
    check_source(run, target, method, request)
    return [run]
