"""Lines of a log as rows of cells: coloured, with matches marked, wrapped."""

from __future__ import annotations

from dataclasses import dataclass

from rich.cells import cell_len, chop_cells
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from scalearn_tui.dashboard.log_search import ERRORS, Query


@dataclass(frozen=True)
class Look:
    """The styles of a log."""

    line: Style
    trouble: Style
    match: Style


def row(line: str, query: Query | None, look: Look) -> Strip:
    """A line in one row, as wide as it is."""
    style = look.trouble if ERRORS.spans(line) else look.line
    segments, end = [], 0
    for start, stop in query.spans(line) if query else []:
        segments += [Segment(line[end:start], style), Segment(line[start:stop], style + look.match)]
        end = stop
    return Strip([*segments, Segment(line[end:], style)])


def wrapped(line: str, width: int, query: Query | None, look: Look) -> list[Strip]:
    """A line in rows of at most ``width`` cells; no wide character is cut in two."""
    strip = row(line, query, look)
    cuts: list[int] = []
    for piece in chop_cells(line, max(2, width)):
        cuts.append((cuts[-1] if cuts else 0) + cell_len(piece))
    return list(strip.divide(cuts)) if len(cuts) > 1 else [strip]


def height(line: str, width: int) -> int:
    """Rows that ``wrapped`` makes of a line."""
    return max(1, len(chop_cells(line, max(2, width)))) if cell_len(line) > width else 1
