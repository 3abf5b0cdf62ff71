"""What sets one configuration of a method apart: settings that differ from the method's defaults, limits and sources."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache

from engine.catalog.backbones import backbone_defaults
from engine.catalog.benchmarks import BENCHMARKS, TASKS
from engine.catalog.methods import METHODS, Value
from engine.registry.tables import Run

DEFAULT = "default"


@cache
def _defaults(method: str, backbone: str, target: str) -> Mapping[str, Value]:
    return METHODS[method].resolve(backbone_defaults(backbone), target, TASKS[target].select_by)


def deviations(run: Run) -> dict[str, str]:
    """Settings of a run that are not its method's defaults for the target, and its limits: ``{"epochs": "2"}``."""
    defaults = _defaults(run.method, run.backbone, run.target)
    own = {name: _text(value) for name, value in run.spec["hyperparameters"].items() if defaults.get(name) != value}
    return own | {f"limit {split}": str(count) for split, count in run.spec.get("limits", {}).items()}


def source_deviations(run: Run, sources: Iterable[Run]) -> dict[str, str]:
    """What is special about a two-stage run's sources: a choice of tasks, settings that they were trained with.

    The budget (epochs and limits) is told only where it is not the run's own.
    """
    chosen = [source["task"] for source in run.spec.get("sources", ())]
    if not chosen:
        return {}
    found: dict[str, str] = {}
    tasks = [task.key for task in BENCHMARKS[run.benchmark].tasks]
    if set(chosen) != set(tasks):
        ordered = sorted(chosen, key=lambda key: (tasks.index(key) if key in tasks else len(tasks), key))
        found["sources"] = ",".join(key.removeprefix(f"{run.benchmark}/") for key in ordered)
    own, theirs = deviations(run), [deviations(source) for source in sources]
    names = {name for settings in (own, *theirs) for name in settings}
    for name in sorted(names):
        expected = own.get(name, DEFAULT) if name == "epochs" or name.startswith("limit ") else DEFAULT
        values = {settings.get(name, DEFAULT) for settings in theirs}
        if values and values != {expected}:
            found[f"source {name}"] = "/".join(sorted(values))
    return found


def _text(value: Value) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value).lower() if isinstance(value, bool) else str(value)
