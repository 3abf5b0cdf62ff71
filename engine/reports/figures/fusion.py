"""AdapterFusion's attention: which source adapters each layer looks at (Pfeiffer et al. 2021, figure 4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.files.source_weights import Attention
from engine.reports.figures.heat_map import HeatMap, draw_maps, maps_text
from engine.reports.figures.selected import Selected
from engine.reports.figures.weighed import common, few, layer_names, mean_layers, titles, weighed

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NEEDS = "train some: `scalearn run -m adapterfusion -t toy/claim --sources entailment,question,claim -b minilm`"


@dataclass(frozen=True)
class AttentionMaps:
    """A map for each group."""

    of: str
    maps: tuple[HeatMap, ...]
    examples: tuple[int, ...]
    """Of dev that passed through the model, by map."""

    @property
    def caption(self) -> str:
        counts = " to ".join(f"{count:,}" for count in sorted({min(self.examples), max(self.examples)}))
        return f"Attention to the source adapters by layer ({self.of}): mean over the tokens of {counts} examples of dev."

    def draw(self, figure: Figure) -> None:
        draw_maps(figure, self.maps)

    def text(self, width: int) -> str:
        return maps_text(self.maps, width)


def gather(selected: Selected) -> AttentionMaps:
    """Raises UserError where there is no such attention, and for more groups than a figure holds."""
    groups = few(weighed(selected, Attention, NEEDS))
    maps = []
    for group, title in zip(groups, titles(groups, sources=False), strict=True):
        layers = mean_layers([weights.mean for weights in group.weights])
        names = layer_names(len(layers), shared=False)
        maps.append(HeatMap(title, "source", "layer", group.sources, names, layers, "attention", top=1.0))
    examples = tuple(group.weights[0].examples for group in groups)
    return AttentionMaps(common(groups), tuple(maps), examples)
