"""Sums of learned scales over the sources: how far from a weighted average, whose weights sum to 1, training leads."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING

from engine.files.source_weights import Scales
from engine.reports.figures.lines import Axes, Point, Series
from engine.reports.figures.scales import INITIAL_SUM, NEEDS
from engine.reports.figures.selected import Selected
from engine.reports.figures.style import GREY, add_legend, looks, plain
from engine.reports.figures.terminal import lines_text
from engine.reports.figures.weighed import common, titles, weighed

if TYPE_CHECKING:
    from matplotlib.figure import Figure

AVERAGE = 1.0
"""Sum of the weights of an average."""


@dataclass(frozen=True)
class ScaleSums:
    """A series for each group, with its mean over seeds; ``seeds`` are the points of each seed in the same order."""

    of: str
    series: tuple[Series, ...]
    seeds: tuple[tuple[tuple[float, float], ...], ...]
    """By series, ``(layer, sum)``."""

    @property
    def axes(self) -> Axes:
        layers = sorted({point.x for series in self.series for point in series.points})
        return Axes("layer", "sum of scales", tuple((layer, f"{layer:g}") for layer in layers[:: max(1, len(layers) // 12)]))

    @property
    def caption(self) -> str:
        return (
            f"Sum over the sources of their mean scales, by layer ({self.of}); a point per seed, the line is their mean. "
            "Scales start with a sum of 2; an average has 1."
        )

    def draw(self, figure: Figure) -> None:
        plot = figure.add_subplot()
        for height in (AVERAGE, INITIAL_SUM):
            plot.axhline(height, color=GREY, linewidth=0.6, linestyle=(0, (3, 2)), zorder=0)
        handles = []
        styles = looks([series.points[-1].y for series in self.series])
        for series, seeds, look in zip(self.series, self.seeds, styles, strict=True):
            means = [point.y for point in series.points]
            handles += plot.plot(
                [point.x for point in series.points], means, color=look.colour, linestyle=look.dash, linewidth=0.8
            )
            plot.plot([x for x, _ in seeds], [y for _, y in seeds], color=look.colour, marker=look.marker, linestyle="")
        plot.set_xlabel(self.axes.x)
        plot.set_ylabel(self.axes.y)
        plot.set_xticks([x for x, _ in self.axes.ticks], [text for _, text in self.axes.ticks])
        plot.set_ylim(bottom=0)
        if len(self.series) > 1:
            add_legend(figure, handles, [plain(series.name) for series in self.series])

    def text(self, width: int) -> str:
        return lines_text(self.series, self.axes, width)


def gather(selected: Selected) -> ScaleSums:
    """Raises UserError where there are no learned scales."""
    groups = weighed(selected, Scales, NEEDS)
    layers = max(len(group.weights[0].mean) for group in groups)
    series, seeds = [], []
    for group, title in zip(groups, titles(groups), strict=True):
        sums = [[sum(layer) for layer in weights.mean] for weights in group.weights]
        by_layer = list(zip(*sums, strict=True)) * (layers if group.weights[0].shared else 1)
        points = [Point(x, fmean(of), min(of), max(of), len(of)) for x, of in enumerate(by_layer, start=1)]
        series.append(Series(title or group.row.name, tuple(points)))
        seeds.append(tuple((float(x), value) for x, of in enumerate(by_layer, start=1) for value in of))
    return ScaleSums(common(groups), tuple(series), tuple(seeds))
