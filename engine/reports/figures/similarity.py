"""Whether sources whose texts resemble the target's get the larger scales."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING

from engine.errors import UserError
from engine.files.source_weights import Scales, Soup
from engine.reports.figures.lines import Axes
from engine.reports.figures.selected import NOTHING_TO_DRAW, Selected
from engine.reports.figures.style import Look, add_legend, looks, plain
from engine.reports.figures.terminal import LETTERS, Grid, legend, spread
from engine.reports.figures.weighed import Weighed, weighed

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.figure import Figure

SETTINGS = "--sources entailment,question,claim -b minilm"
NEEDS_SOUP = f"similarities are AdapterSoup's: `scalearn run -m adaptersoup -t toy/claim {SETTINGS}`"
NEEDS_SCALES = f"train some: `scalearn run -m scalearn -t toy/claim {SETTINGS}`"
PERMUTATIONS = 9_999
ROOM = 0.05


@dataclass(frozen=True)
class Pair:
    """A source of a target, its own adapter aside."""

    source: str
    similarity: float
    scale: float
    """Mean over dimensions, layers, seeds and groups of runs."""


@dataclass(frozen=True)
class Similarities:
    of: str
    targets: tuple[str, ...]
    pairs: tuple[tuple[Pair, ...], ...]
    """By target."""
    correlation: float | None
    """Spearman's, over all pairs; None where all are equal."""
    p: float | None
    """Two-sided, by permuting the sources of each target."""

    @property
    def axes(self) -> Axes:
        return Axes("similarity of texts (cosine)", "mean scale")

    @property
    def caption(self) -> str:
        count = sum(map(len, self.pairs))
        told = "" if self.correlation is None else f"; Spearman {self.correlation:.2f}, p = {self.p:.3f} by permuting sources"
        return f"Similarity of training texts and learned scale ({self.of}): {count} pairs of target and other source{told}."

    def draw(self, figure: Figure) -> None:
        plot = figure.add_subplot()
        handles = []
        for pairs, look in zip(self.pairs, self._looks(), strict=True):
            xs, ys = [pair.similarity for pair in pairs], [pair.scale for pair in pairs]
            handles += plot.plot(xs, ys, color=look.colour, marker=look.marker, linestyle="")
        plot.set_xlabel(self.axes.x)
        plot.set_ylabel(self.axes.y)
        if len(self.targets) > 1:
            add_legend(figure, handles, [plain(target) for target in self.targets])

    def _looks(self) -> Sequence[Look]:
        return looks([max(pair.scale for pair in pairs) for pairs in self.pairs])

    def text(self, width: int) -> str:
        points = [pair for pairs in self.pairs for pair in pairs]
        xs, ys = [pair.similarity for pair in points], [pair.scale for pair in points]
        grid = Grid(spread(xs, ROOM), spread(ys, ROOM), width)
        for letter, pairs in zip(LETTERS, self.pairs, strict=False):
            for pair in pairs:
                grid.mark(pair.similarity, pair.scale, letter)
        return "\n".join([*grid.lines(self.axes), *legend(self.targets, width)])


def gather(selected: Selected) -> Similarities:
    """Raises UserError where either is missing, or no target has both."""
    soups, scaled = weighed(selected, Soup, NEEDS_SOUP), weighed(selected, Scales, NEEDS_SCALES)
    cosines = {(group.target, group.sources[place]): value for group in soups for place, value in enumerate(_cosines(group))}
    by_target: dict[str, dict[str, list[float]]] = {}
    for group in _fullest(scaled):
        for place, source in enumerate(group.sources):
            if source != group.target and (group.target, source) in cosines:
                means = [layer[place] for weights in group.weights for layer in weights.mean]
                by_target.setdefault(group.target, {}).setdefault(source, []).append(fmean(means))
    if not by_target:
        raise UserError(f"nothing to draw: no target has runs of both AdapterSoup and ScaLearn; {NEEDS_SOUP}", NOTHING_TO_DRAW)
    pairs = {
        target: tuple(Pair(source, cosines[target, source], fmean(values)) for source, values in of.items())
        for target, of in by_target.items()
    }
    names = ", ".join(dict.fromkeys(group.row.title for group in scaled))
    correlation, p = _spearman(list(pairs.values()))
    return Similarities(f"{names}, {scaled[0].backbone}", tuple(pairs), tuple(pairs.values()), correlation, p)


def _fullest(groups: Sequence[Weighed[Scales]]) -> list[Weighed[Scales]]:
    """Of each target those with the most sources: of fewer, each has a larger scale."""
    most: dict[str, int] = {}
    for group in groups:
        most[group.target] = max(most.get(group.target, 0), len(group.sources))
    return [group for group in groups if len(group.sources) == most[group.target]]


def _cosines(group: Weighed[Soup]) -> list[float]:
    return [fmean(values) for values in zip(*(weights.similarities for weights in group.weights), strict=True)]


def _spearman(pairs: Sequence[Sequence[Pair]]) -> tuple[float | None, float | None]:
    """The correlation over all pairs, and the share of permutations of scales within targets that reach it."""
    import numpy as np

    x, y = (_ranks([getattr(pair, name) for of in pairs for pair in of]) for name in ("similarity", "scale"))
    if not (x.std() and y.std()):
        return None, None
    x, y = (x - x.mean()) / x.std(), (y - y.mean()) / y.std()
    observed, places, random = float(x @ y), [], np.random.default_rng(0)
    start = 0
    for of in pairs:
        places.append(start + np.argsort(random.random((PERMUTATIONS, len(of))), axis=1))
        start += len(of)
    permuted = y[np.concatenate(places, axis=1)] @ x
    return observed / len(x), (1 + int((abs(permuted) >= abs(observed) - 1e-9).sum())) / (PERMUTATIONS + 1)


def _ranks(values: Sequence[float]) -> np.ndarray:
    """Mean ranks of equal values."""
    import numpy as np

    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return (ends - (counts - 1) / 2)[inverse]
