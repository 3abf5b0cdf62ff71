"""Curves of several sides in one chart: of a group the mean, with a band from the lowest to the highest seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scalearn_tui.dashboard.charts.series import Series, over_seeds
from scalearn_tui.dashboard.curve import Points
from scalearn_tui.dashboard.model.compare import Side
from scalearn_tui.dashboard.run_charts import run_charts, units_per_step

if TYPE_CHECKING:
    from engine.catalog.catalog import Catalog
    from engine.registry.records import Run

Curves = tuple[Points, ...]


@dataclass(frozen=True)
class Overlay:
    """One kind of curve, of all sides that have points of it."""

    title: str
    series: tuple[Series, ...]
    places: tuple[int, ...]
    """Of the sides that the series belong to."""


class Overlays:
    """Keeps the newest means: where no curve changed they are the same objects, and their chart is not painted again."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._means: dict[tuple[str, str], tuple[Curves, tuple[Points, Points] | None]] = {}
        """By side and curve, of which curves and what it is."""

    def of(self, sides: Sequence[Side]) -> list[Overlay]:
        """All kinds of curves of which any side has points, the metrics on dev first."""
        kinds = [_curves(side.runs[0], self._catalog) for side in sides]
        names = [{title: name for kind in of_side for title, name in kind.items()} for of_side in kinds]
        found = []
        for title in dict.fromkeys(title for kind in zip(*kinds, strict=True) for of_side in kind for title in of_side):
            of_sides = [self._series(side, of_side.get(title, "")) for side, of_side in zip(sides, names, strict=True)]
            drawn = {place: series for place, series in enumerate(of_sides) if series}
            if drawn:
                found.append(Overlay(title, tuple(drawn.values()), tuple(drawn)))
        return found

    def _series(self, side: Side, name: str) -> Series | None:
        having = [detail for detail in side.details if name in detail.curves]
        if not having:
            return None
        first = having[0]
        units = units_per_step(first.run, name)
        if len(having) == 1:
            return Series(side.legend, first.curves[name], None, units, first.readings.get(name))
        over = self._mean(side, name, tuple(detail.curves[name] for detail in having))
        return Series(f"{side.legend} ({len(having)})", *over, units) if over else None

    def _mean(self, side: Side, name: str, curves: Curves) -> tuple[Points, Points] | None:
        """With its band; None where the curves share no step."""
        before, mean = self._means.get((side.letter, name), ((), None))
        if before != curves:
            mean = over_seeds([dict(zip(map(int, curve.steps), curve.means, strict=True)) for curve in curves])
            self._means[side.letter, name] = curves, mean
        return mean


def _curves(run: Run, catalog: Catalog) -> tuple[dict[str, str], ...]:
    """Of each kind, metrics, losses and loads of the machine, names of the curves that a run may have, by title."""
    losses, metric, *loads = run_charts(run, catalog)
    (headline, _), *tasks = metric.labels.items()
    return (
        {metric.title: headline} | {f"dev {label}": name for name, label in tasks},
        {f"{label} loss": name for name, label in losses.labels.items()},
        {f"{label} {chart.title}": name for chart in loads for name, label in chart.labels.items()},
    )
