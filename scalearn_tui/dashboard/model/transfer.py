"""What runs take from their sources, as maps of numbers: of one run, or the mean over seeds of several."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import fmean
from typing import TYPE_CHECKING

from scalearn_tui.dashboard.model.groups import spread
from scalearn_tui.text.formatting import number

if TYPE_CHECKING:
    from engine.files.source_weights import Attention, Scales, Soup, SourceWeights
    from engine.reports.figures.probing import Probing, ProbingPair

Matrix = Sequence[Sequence[float]]
"""``[layers][sources]``, as files of weights have it."""
DIGITS = 3
"""Decimals of the number under the cursor: seeds differ in the third."""
BEYOND = 1.1
"""How far the colours go on after the value that scales start from, as a multiple of it."""


@dataclass(frozen=True)
class Cell:
    """One number of a map."""

    value: float
    seeds: int = 1
    """Number of values that it is the mean of."""
    deviation: float | None = None
    """Their sample standard deviation; None of a single one."""
    more: str = ""
    """What else is known of it."""

    def text(self, digits: int) -> str:
        """``0.834 ± 0.021 (3)``, as leaderboards write means."""
        deviation = "" if self.deviation is None else f" ± {number(self.deviation, digits)}"
        seeds = f" ({self.seeds})" if self.seeds > 1 else ""
        return f"{number(self.value, digits)}{deviation}{seeds}" + (f"; {self.more}" if self.more else "")


@dataclass(frozen=True)
class TransferMap:
    """Numbers over two lists of names."""

    title: str
    down: str
    """What the rows are; empty where their names say it, as those of sources do."""
    across: str
    """What the columns are."""
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: tuple[tuple[Cell | None, ...], ...]
    """``[rows][columns]``; None where there is no number."""
    low: float
    """What the colours begin with."""
    high: float
    start: float | None = None
    """What was before training."""
    totals: bool = False
    """Whether means of rows and sums of columns say something."""
    digits: int = DIGITS
    """Decimals of the number under the cursor."""

    @property
    def signed(self) -> bool:
        """Whether 0 is in the middle of the colours."""
        return self.low == -self.high

    @cached_property
    def means(self) -> list[float]:
        """Over the columns, by row."""
        return [fmean(cell.value for cell in row if cell) for row in self.cells]

    @cached_property
    def sums(self) -> list[float]:
        """Over the rows, by column."""
        return [sum(cell.value for cell in column if cell) for column in zip(*self.cells, strict=True)]

    def described(self, row: int, column: int) -> str:
        """The number of a cell in words, and in a second line those of its row and its column as wholes."""
        cell = self.cells[row][column]
        place = f"{self.down} {self.rows[row]}, {self._column(column)}".lstrip()
        value = f"{place}: {cell.text(self.digits) if cell else 'no run'}"
        if not self.totals:
            return value
        mean = f"{self.rows[row]}: mean {number(self.means[row], DIGITS)}; " if len(self.columns) > 1 else ""
        return f"{value}\n{mean}{self._column(column)}: sum {number(self.sums[column], DIGITS)}"

    def _column(self, column: int) -> str:
        name = self.columns[column]
        return f"all {self.across}s" if name == ALL else f"{self.across} {name}".lstrip()


ALL = "all"
"""The one column of what all layers share."""


def maps_of(kept: Sequence[SourceWeights]) -> tuple[TransferMap, ...]:
    """The maps of runs that differ in nothing but the seed, the means first; none of constants, which nobody learned."""
    weights, sources = [one.weights for one in kept], source_names(kept[0].sources)
    if scales := [one for one in weights if one.kind == "scales"]:
        return _of_scales(scales, sources)
    if attention := [one for one in weights if one.kind == "attention"]:
        return _of_attention(attention, sources)
    return _of_soups([one for one in weights if one.kind == "soup"], sources)


def source_names(tasks: Sequence[str]) -> tuple[str, ...]:
    """The last parts of the tasks' keys, where these tell them apart."""
    short = [task.rpartition("/")[2] for task in tasks]
    counts = Counter(short)
    return tuple(name if counts[name] == 1 else task for name, task in zip(short, tasks, strict=True))


def _of_scales(scales: Sequence[Scales], sources: tuple[str, ...]) -> tuple[TransferMap, ...]:
    from engine.reports.figures.scales import INITIAL_SUM
    from engine.reports.figures.weighed import layer_names

    columns = layer_names(len(scales[0].mean), scales[0].shared)
    start = INITIAL_SUM / len(sources) if scales[0].constraint == "none" else None
    vectors = any(value for of in scales for row in of.std for value in row)

    def over_dimensions(layer: int, source: int) -> str:
        deviation = fmean(of.std[layer][source] for of in scales)
        least, most = min(of.min[layer][source] for of in scales), max(of.max[layer][source] for of in scales)
        return f"dimensions ± {number(deviation)}, {number(least)} to {number(most)}" if vectors else ""

    means = _map("scales", "layer", sources, columns, [of.mean for of in scales], start, True, over_dimensions)
    spreads = _map("std of scales over dimensions", "layer", sources, columns, [of.std for of in scales])
    return (means, spreads) if vectors else (means,)


def _of_attention(attention: Sequence[Attention], sources: tuple[str, ...]) -> tuple[TransferMap, ...]:
    from engine.reports.figures.weighed import layer_names

    columns = layer_names(len(attention[0].mean), shared=False)
    title = f"attention, mean over {attention[0].examples:,} examples of dev"
    return (_map(title, "layer", sources, columns, [of.mean for of in attention], totals=True),)


def _of_soups(soups: Sequence[Soup], sources: tuple[str, ...]) -> tuple[TransferMap, ...]:
    if not soups:
        return ()
    weights = _map("shares of the average", "", sources, ("share",), [[of.weights] for of in soups], totals=True)
    alike = _map("similarity to the target's texts", "", sources, ("cosine",), [[of.similarities] for of in soups])
    return weights, alike


def _map(
    title: str,
    across: str,
    rows: tuple[str, ...],
    columns: tuple[str, ...],
    seeds: Sequence[Matrix],
    start: float | None = None,
    totals: bool = False,
    more: Callable[[int, int], str] = lambda layer, source: "",
) -> TransferMap:
    """A row for each source, a column for each layer, means over the seeds; the colours begin with 0."""

    def cell(layer: int, source: int) -> Cell:
        over = spread(of[layer][source] for of in seeds)
        assert over is not None
        return Cell(over.mean, len(seeds), over.deviation, more(layer, source))

    cells = tuple(tuple(cell(layer, source) for layer in range(len(columns))) for source in range(len(rows)))
    values = [cell.value for row in cells for cell in row]
    high = max(max(map(abs, values)), BEYOND * (start or 0.0)) or 1.0
    low = -high if min(values) < 0 else 0.0
    return TransferMap(title, "", across, rows, columns, cells, low, high, start, totals)


def map_of_curves(found: Probing) -> TransferMap:
    """The points of the curves: a row for each curve, a column for each omega."""
    omegas = sorted({point.x for curve in found.series for point in curve.points})
    rows = []
    for curve in found.series:
        points = {point.x: point for point in curve.points}
        cells = []
        for omega in omegas:
            point = points.get(omega)
            interval = f"95% t interval {number(point.low)} to {number(point.high)}" if point and point.high > point.low else ""
            cells.append(Cell(point.y, point.n, more=interval) if point else None)
        rows.append(tuple(cells))
    values = [cell.value for row in rows for cell in row if cell]
    names, columns = tuple(curve.name for curve in found.series), tuple(f"{omega:g}" for omega in omegas)
    title = f"test {found.metric} by the scale of the adapter"
    return TransferMap(title, "", "omega", names, columns, tuple(rows), *_ends(values), digits=2)


def map_of_pairs(found: ProbingPair) -> TransferMap:
    """The map as the figure has it."""
    drawn = found.map
    cells = tuple(tuple(None if value is None else Cell(value) for value in row) for row in drawn.values)
    values = [cell.value for row in cells for cell in row if cell]
    title = f"{drawn.unit} by the scales of two adapters"
    return TransferMap(title, drawn.y, drawn.x, drawn.rows, drawn.columns, cells, *_ends(values), digits=2)


def _ends(values: Sequence[float]) -> tuple[float, float]:
    """Of colours of numbers that are far from 0."""
    low, high = min(values), max(values)
    return low, high if high > low else low + 1.0
