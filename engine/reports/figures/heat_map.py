"""Figures of numbers over two lists of names: as coloured cells on paper, as columns of numbers in a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from textwrap import fill
from typing import TYPE_CHECKING, Any

from engine.reports.figures.style import plain
from engine.reports.figures.terminal import shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

UNSIGNED, SIGNED, EMPTY = "cividis", "PuOr", "#dddddd"
"""Colours that readers of every colour vision put into the same order."""
ROW, FRAME, BAR = 0.13, 0.3, 0.5
"""Inches of a row of cells or a line of text, of what else is around a map, and of the colours' scale."""
MOST_LINES = 3
"""Of a title."""
PANEL = 1.5
"""Inches that a map is wide, at least."""
TICK = 0.13
"""Inches between two labels of columns, at least."""
DOT: dict[str, Any] = {"marker": "o", "markersize": 2.4, "color": "black", "markeredgecolor": "white", "markeredgewidth": 0.4}
LETTER = 0.058
"""Inches of a letter of a title."""
FLAT = 1e-9
"""Least difference between the ends of the colours: all cells may be equal."""
SQUARE = 0.9
"""Height of a map of square cells by its width, names included: any lower, and the names of columns touch."""
WITHIN = 0.65
"""Of the width of a map, the part that its cells have."""
BEYOND = 1.1
"""How far the colours go on after a mark, as a multiple of it."""
LONGEST_NAME = 14
"""Characters before the numbers of a row in a terminal."""
LONGEST_AXIS = 24
"""Characters of what the rows are."""


@dataclass(frozen=True)
class HeatMap:
    """One map; maps of the same ``unit`` have the same colours."""

    title: str
    x: str
    y: str
    """What the columns and the rows are."""
    columns: tuple[str, ...]
    rows: tuple[str, ...]
    values: tuple[tuple[float | None, ...], ...]
    """``[rows][columns]``; None where there is no number."""
    unit: str
    """What the numbers are."""
    signed: bool = False
    """Whether 0 is in the middle of the colours, as it is wherever a number is negative; else it is their beginning."""
    bottom: float | None = None
    """The beginning of the colours of a map of numbers that are far from 0; None where 0 means something."""
    top: float | None = None
    """The end of the colours; None for the largest number."""
    mark: float | None = None
    """A number that others are compared with."""
    square: bool = False
    """Whether the cells are, because columns and rows are alike."""
    dots: tuple[tuple[int, int], ...] = ()
    """Row and column of cells that stand out."""


def draw_maps(figure: Figure, maps: Sequence[HeatMap]) -> None:
    """In rows of as many as fit; the figure grows with the rows."""
    width, height = figure.get_size_inches()
    across = min(len(maps), max(1, int(width / PANEL)))
    down = -(-len(maps) // across)
    figure.set_size_inches(width, max(height, BAR + down * max(_height(shown, width / across) for shown in maps)))
    axes = figure.subplots(down, across, squeeze=False).ravel().tolist()
    drawn: dict[str, list[Axes]] = {}
    meshes: dict[str, Any] = {}
    for place, (shown, plot) in enumerate(zip(maps, axes, strict=False)):
        alike = [other for other in maps if other.unit == shown.unit]
        meshes[shown.unit] = _draw_map(plot, shown, limits(alike), width / across)
        drawn.setdefault(shown.unit, []).append(plot)
        if place % across and shown.rows == maps[place - 1].rows:
            plot.set_yticklabels([])
        else:
            plot.set_ylabel(plain(shown.y))
    for plot in islice(axes, len(maps), None):
        plot.set_axis_off()
    for unit, mesh in meshes.items():
        bar = figure.colorbar(mesh, ax=drawn[unit], location="bottom", aspect=30, pad=0.02)
        bar.set_label(plain(unit))
        bar.outline.set_linewidth(0.4)
        for mark in {shown.mark for shown in maps if shown.unit == unit and shown.mark is not None}:
            bar.ax.axvline(mark, color="#D55E00", linewidth=1.2, linestyle=(0, (2, 1)))


def _height(shown: HeatMap, inches: float) -> float:
    """Of a map with its title and the names of its columns, where it is ``inches`` wide."""
    if shown.square:
        return SQUARE * inches
    names = LETTER * max(map(len, shown.columns)) if _upright(shown, inches) else ROW
    return ROW * (len(shown.rows) + _title(shown, inches).count("\n") + 1) + names + FRAME


def _title(shown: HeatMap, inches: float) -> str:
    return fill(plain(shown.title), int(WITHIN * inches / LETTER), max_lines=MOST_LINES, placeholder=" …")


def _upright(shown: HeatMap, inches: float) -> bool:
    """Whether names of columns are too long to stand side by side; numbers of layers are left out instead."""
    longest = max(map(len, shown.columns))
    return longest > 2 and LETTER * (longest + 1) > WITHIN * inches / len(shown.columns)


def _draw_map(plot: Axes, shown: HeatMap, ends: tuple[float, float], inches: float) -> Any:
    cells = [[float("nan") if value is None else value for value in row] for row in shown.values]
    mesh = plot.pcolormesh(cells, cmap=SIGNED if ends[0] == -ends[1] else UNSIGNED, vmin=ends[0], vmax=ends[1])
    plot.set_facecolor(EMPTY)
    plot.set_aspect("equal" if shown.square else "auto")
    plot.invert_yaxis()
    plot.set_title(_title(shown, inches), fontsize=7)
    plot.set_xlabel(plain(shown.x))
    every = max(1, -(-len(shown.columns) // max(1, int(WITHIN * inches / TICK))))
    places = range(0, len(shown.columns), every)
    names = [plain(shown.columns[place]) for place in places]
    plot.set_xticks([place + 0.5 for place in places], names, rotation=90 if _upright(shown, inches) else 0)
    plot.set_yticks([place + 0.5 for place in range(len(shown.rows))], [plain(name) for name in shown.rows])
    plot.tick_params(length=1.5)
    plot.spines[:].set_visible(False)
    for row, column in shown.dots:
        plot.plot(column + 0.5, row + 0.5, **DOT)
    return mesh


def limits(maps: Sequence[HeatMap]) -> tuple[float, float]:
    """Of the colours of several maps."""
    present = [value for shown in maps for row in shown.values for value in row if value is not None]
    ends = [shown.top for shown in maps if shown.top is not None]
    ends = ends or [*map(abs, present), *(BEYOND * shown.mark for shown in maps if shown.mark is not None)]
    high = max(ends, default=0.0) or 1.0
    signed = any(shown.signed for shown in maps) or min(present, default=0.0) < 0
    bottoms = [shown.bottom for shown in maps if shown.bottom is not None]
    if bottoms:
        return min(bottoms), max(high, min(bottoms) + FLAT)
    return (-high if signed else 0.0), high


def maps_text(maps: Sequence[HeatMap], width: int) -> str:
    """One below the other, in at most ``width`` columns."""
    return "\n\n".join(_text(shown, width) for shown in maps)


def _text(shown: HeatMap, width: int) -> str:
    """The numbers; a map that is too wide continues below."""
    names = [shorten(name, LONGEST_NAME) for name in shown.rows]
    y = shorten(shown.y, LONGEST_AXIS)
    margin = max(map(len, (y, *names)))
    columns = [shorten(name, LONGEST_NAME) for name in shown.columns]
    cells = [[_number(shown, row, column) for column in range(len(columns))] for row in range(len(names))]
    room = max(len(text) for line in (columns, *cells) for text in line) + 1
    title = f"{shown.title}: {shown.unit}" if shown.title else shown.unit
    lines = [shorten(f"{title}; {shown.x} to the right", width)]
    fitting = max(1, (width - margin) // room)
    for first in range(0, len(columns), fitting):
        places = range(first, min(first + fitting, len(columns)))
        lines.append(f"{y:<{margin}}" + "".join(f"{columns[place]:>{room}}" for place in places))
        for name, row in zip(names, cells, strict=True):
            lines.append(f"{name:<{margin}}" + "".join(f"{row[place]:>{room}}" for place in places))
    return "\n".join(line.rstrip() for line in lines)


def _number(shown: HeatMap, row: int, column: int) -> str:
    value = shown.values[row][column]
    if value is None:
        return "."
    text = f"{value:+.1f}" if shown.signed else f"{value:.2f}"
    return f"{text}*" if (row, column) in shown.dots else text
