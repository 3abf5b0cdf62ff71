"""Maps: one value for each pair of a row and a column, as colours on paper and as numbers on a terminal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.reports.figures.style import plain
from engine.reports.figures.terminal import shorten

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLOURS = "cividis"
"""Of values without a middle: its lightness grows evenly, for every colour vision."""
FONT_SIZE = 6
WIDEST = 9
"""Characters of the names of columns on a terminal."""


@dataclass(frozen=True)
class Map:
    """Values by row and column; the first row is the lowest on paper, as on an axis."""

    x: str
    y: str
    columns: tuple[str, ...]
    rows: tuple[str, ...]
    values: tuple[tuple[float | None, ...], ...]
    """By row, then column; None where there is none."""


def draw_map(figure: Figure, shown: Map, label: str) -> None:
    """Equal squares with their rounded values, and a scale called ``label``."""
    import numpy as np

    plot = figure.add_subplot()
    values = np.array([[np.nan if value is None else value for value in row] for row in shown.values])
    image = plot.imshow(values, cmap=COLOURS, origin="lower", aspect="equal")
    middle = (np.nanmin(values) + np.nanmax(values)) / 2
    for y, row in enumerate(shown.values):
        for x, value in enumerate(row):
            if value is not None:
                colour = "white" if value < middle else "black"
                plot.text(x, y, f"{value:.0f}", ha="center", va="center", fontsize=FONT_SIZE, color=colour)
    plot.set_xticks(range(len(shown.columns)), [plain(name) for name in shown.columns])
    plot.set_yticks(range(len(shown.rows)), [plain(name) for name in shown.rows])
    plot.set_xlabel(plain(shown.x))
    plot.set_ylabel(plain(shown.y))
    plot.spines[:].set_visible(False)
    plot.tick_params(length=0)
    figure.colorbar(image, ax=plot, label=plain(label)).outline.set_linewidth(0)


def map_text(shown: Map, width: int) -> str:
    """The values to one decimal, the first row lowest; columns that ``width`` does not hold are left out, and counted."""
    margin = min(width // 3, 24, max(map(len, (*shown.rows, shown.y))))
    cell = min(WIDEST, max(5, *map(len, shown.columns))) + 2
    fit = max(1, (width - margin) // cell)
    lines = [f"{shown.y[:margin]:<{margin}}"]
    for name, row in reversed(list(zip(shown.rows, shown.values, strict=True))):
        numbers = ["" if value is None else f"{value:.1f}" for value in row[:fit]]
        lines.append(f"{name[:margin]:>{margin}}" + "".join(f"{number:>{cell}}" for number in numbers))
    lines.append(" " * margin + "".join(f"{name[:WIDEST]:>{cell}}" for name in shown.columns[:fit]))
    missing = len(shown.columns) - fit
    note = f"; {missing} more do not fit" if missing > 0 else ""
    lines.append(" " * (margin + 2) + shorten(f"{shown.x}{note}", width - margin - 2))
    return "\n".join(lines)
