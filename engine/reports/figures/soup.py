"""AdapterSoup's weights: how much of the average each source adapter is (Chronopoulou et al. 2023)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import fill
from typing import TYPE_CHECKING

from engine.files.source_weights import Soup
from engine.reports.figures.selected import Selected
from engine.reports.figures.style import COLOURS, plain
from engine.reports.figures.terminal import shorten
from engine.reports.figures.weighed import common, few, mean_layers, titles, weighed

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NEEDS = "train some: `scalearn run -m adaptersoup -t toy/claim --sources entailment,question,claim -b minilm`"
PANEL = 1.5
"""Inches that a panel is wide, at least."""
TITLE = 20
"""Letters of a line of a title."""
BAR, FRAME = 0.15, 0.7
"""Inches of a bar, and of what is around them."""
LONGEST_NAME, PARTS = 14, "▏▎▍▌▋▊▉█"


@dataclass(frozen=True)
class Soups:
    """Bars of one group: the sources, the largest weight first."""

    title: str
    sources: tuple[str, ...]
    weights: tuple[float, ...]


@dataclass(frozen=True)
class SoupWeights:
    of: str
    soups: tuple[Soups, ...]

    @property
    def caption(self) -> str:
        return f"Weights of the source adapters in their average ({self.of}): shares that sum to 1."

    def draw(self, figure: Figure) -> None:
        """Panels in rows of as many as fit; the figure grows with the rows."""
        width, height = figure.get_size_inches()
        across = min(len(self.soups), max(1, int(width / PANEL)))
        down = -(-len(self.soups) // across)
        most = max(len(soup.sources) for soup in self.soups)
        figure.set_size_inches(width, max(height, down * (BAR * most + FRAME)))
        plots = figure.subplots(down, across, squeeze=False).ravel().tolist()
        for plot, soup in zip(plots, self.soups, strict=False):
            plot.barh([plain(source) for source in soup.sources], soup.weights, color=COLOURS[1], height=0.7)
            plot.invert_yaxis()
            plot.set_xlim(0, 1)
            plot.set_xlabel("weight")
            plot.set_title(fill(plain(soup.title), TITLE, max_lines=2, placeholder=" …"))
        for plot in plots[len(self.soups) :]:
            plot.set_axis_off()

    def text(self, width: int) -> str:
        return "\n\n".join("\n".join([*([soup.title] if soup.title else []), *_bars(soup, width)]) for soup in self.soups)


def gather(selected: Selected) -> SoupWeights:
    """Raises UserError where there are none, and for more groups than a figure holds."""
    groups = few(weighed(selected, Soup, NEEDS))
    soups = []
    for group, title in zip(groups, titles(groups, sources=False), strict=True):
        (means,) = mean_layers([[weights.weights] for weights in group.weights])
        order = sorted(range(len(means)), key=lambda place: -means[place])
        soups.append(Soups(title, tuple(group.sources[place] for place in order), tuple(means[place] for place in order)))
    return SoupWeights(common(groups), tuple(soups))


def _bars(soup: Soups, width: int) -> Sequence[str]:
    names = [shorten(source, LONGEST_NAME) for source in soup.sources]
    margin = max(map(len, names))
    room = width - margin - 6
    return [f"{name:<{margin}} {weight:.2f} {_bar(weight * room)}" for name, weight in zip(names, soup.weights, strict=True)]


def _bar(cells: float) -> str:
    """A bar of a number of cells, the last one in eighths."""
    eighths = round(8 * cells)
    return "█" * (eighths // 8) + (PARTS[eighths % 8 - 1] if eighths % 8 else "")
