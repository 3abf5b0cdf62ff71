"""The part of a row's name that tells its sources: which tasks, in which order, and how their adapters were trained.

The same sources have several names: on boolq, ``boolq,cb`` are also ``cb,own``, and all but boolq are all but its own. A table
takes the names under which runs on several targets share a row (``engine.reports.rows``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from engine.catalog.catalog import Catalog
from engine.catalog.task import BenchmarkInfo
from engine.registry.records import Run
from engine.reports.columns import variants
from engine.reports.run_results import RunResults
from engine.reports.table import Settings
from engine.runs.deviations import deviations
from engine.runs.spec import RunSpec

OWN = "own"
"""Stands for the target among its sources."""
DEFAULT = "default"


@dataclass(frozen=True)
class SourceRuns:
    """The runs whose adapters other runs combine."""

    runs: Mapping[str, Run]
    """By id."""
    results: RunResults

    @cached_property
    def settings(self) -> dict[str, Settings]:
        """By id, the settings off the defaults, the seed included."""
        return {
            run_id: deviations(run.parsed, self.results.catalog) | ({"seed": str(run.seed)} if run.seed else {})
            for run_id, run in self.runs.items()
        }

    @cached_property
    def versions(self) -> dict[str, str]:
        """By id, what tells the definition and rows that an adapter was trained on from those of today."""
        by_task: dict[str, list[Run]] = {}
        for run in self.runs.values():
            by_task.setdefault(run.target, []).append(run)
        return {run_id: words for task, runs in by_task.items() for run_id, words in variants(task, runs, self.results).items()}


def source_names(spec: RunSpec, sources: SourceRuns, benchmark: str) -> list[Settings]:
    """Names of the run's sources in the table of ``benchmark``, the plainest first; a single empty one without sources."""
    if not spec.sources:
        return [{}]
    catalog, target = sources.results.catalog, spec.targets[0]
    common, apart = _trained(spec, sources)
    names: list[Settings] = []
    for choice, by_role in _choices([source.task for source in spec.sources], target, benchmark, catalog):
        called = {task: OWN if by_role and task == target else task.removeprefix(f"{benchmark}/") for task in apart}
        single = {
            f"source {called[task]}{name and f': {name}'}": text
            # The target's own adapter is the last one, which must not part its row from others.
            for task, settings in sorted(apart.items(), key=lambda item: called[item[0]])
            for name, text in settings.items()
        }
        names.append(({"sources": choice} if choice else {}) | common | single)
    return [name for index, name in enumerate(names) if name not in names[:index]]


def _trained(spec: RunSpec, sources: SourceRuns) -> tuple[Settings, dict[str, Settings]]:
    """The unusual settings that all source adapters share, and by task those of single ones.

    The budget (epochs and limits) is unusual only where it differs from the run's own. The target's own adapter of a
    few-shot run has the same draw, so the same seed.
    """
    known = {source.task: source.run_id for source in spec.sources if source.run_id in sources.runs}
    theirs = {task: dict(sources.settings[run_id]) for task, run_id in known.items()}
    for task, settings in theirs.items() if spec.shots else ():
        settings.pop("shots", None)
        if task in spec.targets:
            settings.pop("seed", None)
    own = deviations(spec, sources.results.catalog)
    common: Settings = {}
    apart: dict[str, Settings] = {task: {} for task in known}
    for name in sorted({name for settings in (own, *theirs.values()) for name in settings}):
        expected = own.get(name, DEFAULT) if name == "epochs" or name.startswith("limit ") else DEFAULT
        values = {task: settings.get(name, DEFAULT) for task, settings in theirs.items()}
        unusual = {task: text for task, text in values.items() if text != expected}
        if len(unusual) == len(values) and len(set(values.values())) == 1:
            common[f"source {name}"] = next(iter(values.values()))
        else:
            for task, text in unusual.items():
                apart[task][name] = text
    for task, run_id in known.items():
        apart[task] |= {"": sources.versions[run_id]} if sources.versions[run_id] else {}
    return common, apart


def _choices(order: Sequence[str], target: str, benchmark: str, catalog: Catalog) -> Iterable[tuple[str, bool]]:
    """Names of the choice of tasks and of their order, and whether the target is named by its role; the plainest first.

    The target's own adapter comes last whatever the order asked for, so it may be named at every position.
    """
    others = [task for task in order if task != target]
    if target not in order:
        left_out = _but(others, target, benchmark, catalog)
        return [*([(left_out, True)] if left_out else []), (_tasks(others, benchmark, catalog), False)]
    orders = [[*others[:at], target, *others[at:]] for at in range(len(others) + 1)]
    usual = _frame(order, benchmark, catalog) or catalog.benchmarks.get(benchmark)
    listed = sorted(orders, key=lambda tasks: (not _is_usual(tasks, usual), tasks[-1] != target))
    literal = [(_tasks(tasks, benchmark, catalog), False) for tasks in listed]
    role = (_tasks([*others, target], benchmark, catalog, own=target), True)
    return [role, *literal] if not others else [literal[0], role, *literal[1:]]


def _but(tasks: Sequence[str], target: str, benchmark: str, catalog: Catalog) -> str | None:
    """``all but own`` where the tasks are a whole benchmark without the target."""
    whole = _whole([*tasks, target], benchmark, catalog)
    return _in_order(f"{_all(whole, benchmark)} but {OWN}", tasks, whole, benchmark) if whole else None


def _tasks(tasks: Sequence[str], benchmark: str, catalog: Catalog, own: str = "") -> str:
    """Empty for all tasks of the table's benchmark, ``glue`` for those of another one, ``all but cb``, else a list.

    ``own`` is the task that is named by its role.
    """
    info = _frame(tasks, benchmark, catalog)
    if info is None:
        return _list(tasks, benchmark, own)
    missing = [task.name for task in info.tasks if task.key not in tasks]
    name = f"{_all(info, benchmark)} but {missing[0]}" if missing else "" if info.name == benchmark else info.name
    return _in_order(name, tasks, info, benchmark, own)


def _in_order(name: str, tasks: Sequence[str], info: BenchmarkInfo, benchmark: str, own: str = "") -> str:
    """``name``, and the order of the tasks where it is not the benchmark's; a target named by its role is always last."""
    if _is_usual([task for task in tasks if task != own], info):
        return name
    return f"{name or _all(info, benchmark)} in the order {_list(tasks, benchmark, own)}"


def _list(tasks: Sequence[str], benchmark: str, own: str) -> str:
    return ",".join(OWN if task == own else task.removeprefix(f"{benchmark}/") for task in tasks)


def _all(info: BenchmarkInfo, benchmark: str) -> str:
    return "all" if info.name == benchmark else info.name


def _infos(benchmark: str, catalog: Catalog) -> list[BenchmarkInfo]:
    """All benchmarks, that of the table first."""
    return sorted(catalog.benchmarks.values(), key=lambda info: info.name != benchmark)


def _whole(tasks: Iterable[str], benchmark: str, catalog: Catalog) -> BenchmarkInfo | None:
    """The benchmark that consists of these tasks."""
    chosen = set(tasks)
    return next((info for info in _infos(benchmark, catalog) if {task.key for task in info.tasks} == chosen), None)


def _frame(tasks: Sequence[str], benchmark: str, catalog: Catalog) -> BenchmarkInfo | None:
    """The benchmark that consists of these tasks, or of several of them and one more."""
    if (whole := _whole(tasks, benchmark, catalog)) or len(tasks) == 1:
        return whole
    infos = [info for info in _infos(benchmark, catalog) if len(info.tasks) == len(tasks) + 1]
    return next((info for info in infos if {task.key for task in info.tasks}.issuperset(tasks)), None)


def _is_usual(tasks: Sequence[str], info: BenchmarkInfo | None) -> bool:
    """Whether the tasks are in the benchmark's order."""
    usual = [task.key for task in info.tasks] if info else []
    return list(tasks) == sorted(tasks, key=lambda task: usual.index(task) if task in usual else len(usual))
