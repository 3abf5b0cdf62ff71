"""How figures look on paper, and files of them that are equal byte by byte whenever and wherever they are written.

Sizes are those of an ACL page; the colours are those of Okabe and Ito, "Color Universal Design" (2008), which readers of every
colour vision tell apart. matplotlib is imported where something is drawn, because no other command needs it.
"""

from __future__ import annotations

import textwrap
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import UserError
from engine.files.disk import atomic_write
from engine.reports.sinks import REPLACED

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDTHS = {"column": 3.03, "page": 6.30}
"""Inches."""
HEIGHT = 0.62
"""Of the width, for the axes and two lines of a legend; every further line makes the figure higher."""
LEGEND_LINE, LEGEND_HANDLE, CHARACTER = 0.15, 0.42, 0.058
"""Inches of a legend: the height of a line, the width of a line's sample and that of a usual character."""
COLOURS = ("#000000", "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
DASHES: tuple[Any, ...] = (
    "-",
    (0, (4, 1.5)),
    (0, (1, 1)),
    (0, (4, 1, 1, 1)),
    (0, (6, 1)),
    (0, (2, 1)),
    (0, (4, 1, 1, 1, 1, 1)),
)
GREY = "#999999"
GREY_MARKERS = (*MARKERS, "<", ">", "h", "*", "p", "d", "8")
COLOURED = 4
"""Series in colour where there are more than there are colours; the others are grey."""
RC: Any = {
    "font.size": 8,
    "axes.labelsize": 8,
    "axes.titlesize": 8,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "legend.fontsize": 7,
    "legend.frameon": False,
    "legend.handlelength": 2.4,
    "legend.columnspacing": 1.0,
    "legend.borderaxespad": 0.1,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "lines.linewidth": 1.1,
    "lines.markersize": 3.2,
    "savefig.dpi": 300,
    "pdf.fonttype": 42,
    "svg.hashsalt": "scalearn",
    # Names of tasks, settings and rows may hold dollar signs.
    "text.parse_math": False,
}
METADATA: dict[str, dict[str, None]] = {
    ".png": {"Software": None},
    ".svg": {"Date": None},
    ".pdf": {"CreationDate": None},
}
"""By suffix of the file, what else would differ between two days or two versions."""


@dataclass(frozen=True)
class Look:
    """Of one series: told apart by colour, by marker and by dash."""

    colour: str
    marker: str
    dash: Any
    grey: bool = False


def looks(values: Sequence[float]) -> list[Look]:
    """A look for each of the series that end with ``values``; of more series than colours, the highest are in colour."""
    if len(values) <= len(COLOURS):
        return [Look(*look) for look in zip(COLOURS, MARKERS, DASHES, strict=True)][: len(values)]
    highest = sorted(range(len(values)), key=lambda place: -values[place])[:COLOURED]
    free = iter(range(COLOURED))
    return [
        Look(COLOURS[number], MARKERS[number], DASHES[number])
        if place in highest and (number := next(free)) is not None
        else Look(GREY, GREY_MARKERS[place % len(GREY_MARKERS)], "-", grey=True)
        for place in range(len(values))
    ]


def plain(text: str) -> str:
    """Foreign text as a figure shows it: one line, without what readers of the file would obey or the legend leaves out."""
    shown = text.translate(REPLACED)
    return f" {shown}" if shown.startswith("_") else shown


def save(draw: Callable[[Figure], None], path: Path, width: str) -> None:
    """Write the figure that ``draw`` fills, ``column`` or ``page`` wide, as the suffix of ``path`` says.

    Raises UserError for another suffix, and where it cannot be written.
    """
    suffix = path.suffix.lower()
    if suffix not in METADATA:
        raise UserError(f"{path.name or path} must end in {', '.join(METADATA)}: these are the kinds of files there are")
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context(), warnings.catch_warnings():
        # The fonts that come with matplotlib lack some scripts; boxes in the picture say so.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(RC)
        inches = WIDTHS[width]
        figure = Figure(figsize=(inches, HEIGHT * inches), layout="constrained")
        draw(figure)
        try:
            with atomic_write(path) as draft:
                figure.savefig(draft, format=suffix[1:], metadata=METADATA[suffix])
        except OSError as error:
            raise UserError(f"cannot write {path}: {error.strerror}") from error


def add_legend(figure: Figure, handles: Sequence[Any], names: Sequence[str]) -> None:
    """A legend above the axes, in as many columns as fit; the figure grows with the lines that two do not hold."""
    width, height = figure.get_size_inches()
    fits = int((width - LEGEND_HANDLE) / CHARACTER)
    folded = [textwrap.wrap(plain(name), fits, subsequent_indent="  ") or [""] for name in names]
    longest = max(len(line) for lines in folded for line in lines)
    columns = max(1, min(len(names), int(width / (LEGEND_HANDLE + CHARACTER * longest))))
    per_column = -(-len(names) // columns)
    lines = max(sum(map(len, folded[at : at + per_column])) for at in range(0, len(names), per_column))
    figure.set_size_inches(width, height + max(0, lines - 2) * LEGEND_LINE)
    figure.legend(handles, ["\n".join(lines) for lines in folded], loc="outside upper left", ncols=columns)
