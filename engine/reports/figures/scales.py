"""Learned scales: how much of each source adapter every layer takes (Frohmann et al. 2024)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.files.source_weights import Scales
from engine.reports.figures.heat_map import HeatMap, draw_maps, maps_text
from engine.reports.figures.selected import Selected
from engine.reports.figures.weighed import Weighed, common, few, layer_names, mean_layers, titles, transposed, weighed

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NEEDS = "train some: `scalearn run -m scalearn -t toy/claim --sources entailment,question,claim -b minilm`"
INITIAL_SUM = 2.0
"""Of the scales over the sources (``engine.methods.scalearn``)."""


@dataclass(frozen=True)
class ScaleMaps:
    """A map for each group; of a single one also how much its scales differ over the dimensions."""

    of: str
    maps: tuple[HeatMap, ...]
    start: float | None
    """What the scales started from; None where groups have different numbers of sources."""

    @property
    def caption(self) -> str:
        std = " and standard deviation" if len({shown.unit for shown in self.maps}) > 1 else ""
        started = f"; they start at 2/T = {self.start:.2f}, the mark on the scale" if self.start is not None else ""
        return f"Scales of the source adapters by layer, mean{std} over dimensions ({self.of}){started}."

    def draw(self, figure: Figure) -> None:
        draw_maps(figure, self.maps)

    def text(self, width: int) -> str:
        return maps_text(self.maps, width)


def gather(selected: Selected) -> ScaleMaps:
    """Raises UserError where there are no learned scales, and for more groups than a figure holds."""
    groups = few(weighed(selected, Scales, NEEDS))
    counts = {len(group.sources) for group in groups if group.weights[0].constraint == "none"}
    start = INITIAL_SUM / counts.pop() if len(counts) == 1 else None
    named = zip(groups, titles(groups, sources=False), strict=True)
    maps = [_map(group, title, "mean", "mean scale", start) for group, title in named]
    if len(groups) == 1 and any(value for row in groups[0].weights[0].std for value in row):
        maps.append(_map(groups[0], "", "std", "std of scales", None))
    return ScaleMaps(common(groups), tuple(maps), start)


def _map(group: Weighed[Scales], title: str, statistic: str, unit: str, mark: float | None) -> HeatMap:
    layers = mean_layers([getattr(weights, statistic) for weights in group.weights])
    names = layer_names(len(layers), group.weights[0].shared)
    return HeatMap(title, "layer", "source", names, group.sources, transposed(layers), unit, mark=mark)
