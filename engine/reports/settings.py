"""What sets one configuration of a method apart: settings that differ from the method's defaults, limits and sources."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache

from engine.catalog.backbones import backbone_defaults
from engine.catalog.benchmarks import BENCHMARKS
from engine.catalog.method import FEW_SHOT_DEV, Value
from engine.catalog.methods import METHODS
from engine.own_benchmarks.stored import task_in
from engine.registry.tables import Run

DEFAULT = "default"


@cache
def _defaults(method: str, backbone: str, target: str, select_by: str, shots: int | None) -> Mapping[str, Value]:
    return METHODS[method].resolve(backbone_defaults(backbone), target, select_by, shots)


def deviations(run: Run) -> dict[str, str]:
    """Settings of a run that are not its method's defaults for the target, its shots and limits: ``{"epochs": "2"}``."""
    shots = run.spec.get("shots")
    # The task of an imported adapter need not be known here.
    task = task_in(run.spec, run.tasks[0])
    select_by = task.select_by if task else str(run.spec["hyperparameters"]["select_by"])
    defaults = _defaults(run.method, run.backbone, run.target, select_by, shots)
    own = {name: _text(value) for name, value in run.spec["hyperparameters"].items() if defaults.get(name) != value}
    usual = {"dev": FEW_SHOT_DEV} if shots else {}
    limits = {name: count for name, count in run.spec.get("limits", {}).items() if usual.get(name) != count}
    few = {"shots": str(shots)} if shots else {}
    return own | few | {f"limit {split}": str(count) for split, count in limits.items()}


def joint_tasks(run: Run, benchmark: str) -> dict[str, str]:
    """What a joint run learns together, where that is not exactly the benchmark: ``{"tasks": "rte+mrpc"}``."""
    if not METHODS[run.method].joint or run.target == benchmark:
        return {}
    return {"tasks": run.target.removeprefix(f"{benchmark}/")}


def keys_of(benchmark: str) -> set[str]:
    """Keys of the benchmark's tasks."""
    return {task.key for task in BENCHMARKS[benchmark].tasks}


def whole_benchmark(keys: Sequence[str]) -> str | None:
    """The benchmark whose tasks these are, all of them, in whatever order."""
    return next((name for name in BENCHMARKS if keys_of(name) == set(keys)), None)


def source_deviations(run: Run, sources: Iterable[Run], benchmark: str) -> dict[str, str]:
    """What is special in the table of ``benchmark`` about a two-stage run's sources: a choice of tasks, settings that they were
    trained with.

    The budget (epochs and limits) is told only where it is not the run's own.
    """
    chosen = [source["task"] for source in run.spec.get("sources", ())]
    if not chosen:
        return {}
    found: dict[str, str] = {}
    # Of a benchmark that was removed nobody knows what else it had.
    tasks = [task.key for task in BENCHMARKS[benchmark].tasks] if benchmark in BENCHMARKS else []
    if set(chosen) != set(tasks):
        ordered = sorted(chosen, key=lambda key: (tasks.index(key) if key in tasks else len(tasks), key))
        found["sources"] = whole_benchmark(chosen) or ",".join(key.removeprefix(f"{benchmark}/") for key in ordered)
    own, theirs = deviations(run), [deviations(source) for source in sources]
    if run.spec.get("shots"):
        # Only the target's own adapter shares the draw; that the others do not is the rule.
        theirs = [{name: text for name, text in settings.items() if name != "shots"} for settings in theirs]
    names = {name for settings in (own, *theirs) for name in settings}
    for name in sorted(names):
        expected = own.get(name, DEFAULT) if name == "epochs" or name.startswith("limit ") else DEFAULT
        values = {settings.get(name, DEFAULT) for settings in theirs}
        if values and values != {expected}:
            found[f"source {name}"] = "/".join(sorted(values))
    return found


def _text(value: Value) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value).lower() if isinstance(value, bool) else str(value)
