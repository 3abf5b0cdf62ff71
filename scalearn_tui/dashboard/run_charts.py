"""The charts of a run: its losses, its metric on dev, and what it took of its machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.catalog.task import MEAN
from scalearn_tui.dashboard.charts.series import Series
from scalearn_tui.dashboard.detail import Detail, headline

if TYPE_CHECKING:
    from engine.catalog.catalog import Catalog
    from engine.registry.records import Run

SYSTEM = "system/"
LOADS = {
    "load, %": {"system/cpu": "cpu", "system/gpu": "gpu"},
    "memory, GiB": {"system/memory": "process", "system/gpu_memory": "gpu"},
    "power, W": {"system/power": "gpu"},
}
"""Title -> curve -> label: what has one unit has one chart."""


@dataclass(frozen=True)
class RunChart:
    """Curves that are shown together."""

    key: str
    """``loss``, ``metric`` or the title of a chart of the machine."""
    title: str
    labels: dict[str, str]
    """By name of the curve."""

    def series(self, run: Run, detail: Detail) -> list[Series]:
        """The curves that have points."""
        return [
            Series(label, detail.curves[name], None, units_per_step(run, name), detail.readings.get(name))
            for name, label in self.labels.items()
            if name in detail.curves
        ]


def run_charts(run: Run, catalog: Catalog) -> list[RunChart]:
    """All that a run may have, loss and metric first."""
    metric = headline(run)
    scores = {f"dev/{metric}": MEAN if len(run.tasks) > 1 else "dev"}
    if len(run.tasks) > 1:
        names = {key: key.rpartition("/")[2] for key in run.tasks}
        for key, name in names.items():
            if task := run.parsed.known_task(key, catalog):
                alone = list(names.values()).count(name) == 1
                scores[f"dev/{key}/{task.headline}"] = name if alone else key
    losses = RunChart("loss", "loss", {"train/loss": "train", "dev/loss": "dev"})
    loads = [RunChart(title, title, labels) for title, labels in LOADS.items()]
    return [losses, RunChart("metric", f"dev {metric}", scores), *loads]


def curve_names(charts: Sequence[RunChart]) -> list[str]:
    """The curves of the charts."""
    return list(dict.fromkeys(name for chart in charts for name in chart.labels))


def units_per_step(run: Run, name: str) -> dict[str, float]:
    """What a step of a curve is, by kind of axis. Only curves of the machine have a clock: of others time is in proportion."""
    if name.startswith(SYSTEM):
        return {"time": 1.0}
    units = {"step": 1.0}
    if run.steps and run.epochs:
        units["epoch"] = run.epochs / run.steps
    if run.step and run.seconds:
        units["time"] = run.seconds / run.step
    return units
