"""A map of numbers as coloured cells with the numbers in them, and a cursor that moves over the cells."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from scalearn_tui.dashboard.model.transfer import TransferMap
from scalearn_tui.dashboard.widgets.ramps import cell_style, tenth
from scalearn_tui.text.formatting import number, padded, shorten

NAME = 24
"""Cells of the name of a row, at most."""
AROUND = (8, 6, 4, 3, 2, 1)
"""Cells around a number, the most that fit."""
BARE = (3, 2)
"""Cells of a number that has no room for its digits."""
TALLEST = 3
"""Lines of a row, at most."""
SCALE = 20
"""Cells of the scale of colours, or a quarter of what there is."""
BAR = 40
"""Cells of the longest bar."""
MEAN = "mean"

Format = Callable[[float], str]


def _short(value: float, digits: int = 2) -> str:
    """``-.25`` for -0.25."""
    text = number(value, digits)
    return text.replace("0.", ".", 1) if text.removeprefix("-").startswith("0.") else text


FORMATS: tuple[Format, ...] = (number, _short, lambda value: _short(value, 1))
"""From the longest to the shortest."""


@dataclass(frozen=True)
class Layout:
    """How a map is shown in a width."""

    name: int
    digits: int
    """Characters of the longest number."""
    cell: int
    """Cells of a column."""
    format: Format | None
    """None where numbers have no room: each cell has the tenth of the scale in which it lies."""
    mean: int
    """Cells of the column of means; 0 without one."""
    sums: bool
    """Whether there is a line of sums."""
    count: int
    """Columns that are shown at a time."""

    def centred(self, text: str, at_hand: bool = False) -> str:
        """In the middle of a column, numbers below each other; at hand in brackets where there is room."""
        text = text.rjust(self.digits) if text else ""
        return (f"[{text}]" if at_hand and self.cell - len(text) > 1 else text).center(self.cell)


def layout_of(shown: TransferMap, width: int) -> Layout:
    """The longest numbers that fit with all columns, then means, then room around the numbers."""
    name, columns = min(NAME, max(map(cell_len, (shown.across, "sum", *shown.rows)))) + 1, len(shown.columns)
    values = [cell.value for row in shown.cells for cell in row if cell]
    means = shown.means if shown.totals and columns > 1 else []
    for form in FORMATS:
        text = max(len(form(value)) for value in (*values, *means))
        for mean in (max(text, len(MEAN)) + 2, 0) if means else (0,):
            for around in AROUND:
                if name + (text + around) * columns + mean <= width:
                    return Layout(name, text, text + around, form, mean, shown.totals, columns)
    for cell in BARE:
        if name + cell * columns <= width:
            return Layout(name, 1, cell, None, 0, False, columns)
    return Layout(name, 1, BARE[-1], None, 0, False, max(1, (width - name) // BARE[-1]))


class HeatMap(Widget, can_focus=True):
    """Shows a map; of one that does not fit, the part around the cursor."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"heat-map--name", "heat-map--at-hand", "heat-map--total", "heat-map--bar"}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "move(1, 0)", "source below", show=False, id="map.down"),
        Binding("up,k", "move(-1, 0)", "source above", show=False, id="map.up"),
        Binding("left,h", "move(0, -1)", "cell to the left", show=False, id="map.left"),
        Binding("right,l", "move(0, 1)", "cell to the right", show=False, id="map.right"),
        Binding("home", "to_side(0)", "first column", show=False, id="map.home"),
        Binding("end", "to_side(-1)", "last column", show=False, id="map.end"),
    ]

    @dataclass
    class Moved(Message):
        """Another cell is under the cursor."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self.shown: TransferMap | None = None
        self.row = self.column = 0
        """Of the cursor."""
        self._top = self._left = 0
        """First row and column in sight."""
        self._layout: Layout | None = None

    def on_resize(self) -> None:
        self._layout = None

    def show(self, shown: TransferMap | None) -> None:
        """Show this map; the cursor stays where it is as far as there are cells."""
        if shown != self.shown:
            self.shown, self._layout = shown, None
            self.refresh(layout=True)
        self.point(self.row, self.column)

    def point(self, row: int, column: int) -> None:
        """Put the cursor on a cell, or on the nearest that there is."""
        if self.shown is None:
            return
        place = max(0, min(row, len(self.shown.rows) - 1)), max(0, min(column, len(self.shown.columns) - 1))
        if place != (self.row, self.column):
            before = self.row, self._top, self._left
            self.row, self.column = place
            self._paint(self.shown, *before)
            self.post_message(self.Moved())

    def _paint(self, shown: TransferMap, row: int, top: int, left: int) -> None:
        """Paint what a move of the cursor from this row changed: the titles and two rows, unless all of it was moved."""
        _, tall, _ = self._fit(shown)
        if (self._top, self._left) != (top, left):
            self.refresh()
            return
        lines = [Region(0, 1 + (at - top) * tall, self.size.width, tall) for at in {row, self.row}]
        self.refresh(Region(0, 0, self.size.width, 1), *lines)

    def action_move(self, down: int, right: int) -> None:
        self.point(self.row + down, self.column + right)

    def action_to_side(self, column: int) -> None:
        if self.shown is not None:
            self.point(self.row, column if column >= 0 else len(self.shown.columns) - 1)

    def on_click(self, event: events.Click) -> None:
        shown = self.shown
        if shown is None:
            return
        layout, tall, rows = self._fit(shown)
        row, column = (event.y - 1) // tall, (event.x - layout.name) // layout.cell
        if event.y > 0 and 0 <= row < rows and 0 <= column < layout.count:
            self.point(self._top + row, self._left + column)

    # Drawing.

    def _fit(self, shown: TransferMap) -> tuple[Layout, int, int]:
        """The layout, the lines of a row, and how many rows are shown; brings the cursor into view."""
        layout = self._layout = self._layout or layout_of(shown, self.size.width)
        room = max(1, self.size.height - 2 - layout.sums)
        tallest = TALLEST if layout.format and len(shown.columns) > 1 else 1
        tall = max(1, min(tallest, (room - 1) // len(shown.rows)))
        rows = min(len(shown.rows), max(1, room // tall))
        self._top = min(max(self.row - rows + 1, min(self._top, self.row)), len(shown.rows) - rows)
        self._left = min(max(self.column - layout.count + 1, min(self._left, self.column)), len(shown.columns) - layout.count)
        return layout, tall, rows

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """A line for each row, the titles, the sums and the scale."""
        return len(self.shown.rows) + 2 + self.shown.totals if self.shown else 0

    def render_line(self, y: int) -> Strip:
        blank = Strip.blank(self.size.width, self.rich_style)
        if self.shown is None:
            return blank
        layout, tall, rows = self._fit(self.shown)
        row, line = divmod(y - 1, tall)
        if y == 0:
            segments = self._titles(self.shown, layout)
        elif row < rows:
            segments = self._row(self.shown, layout, self._top + row, line == tall // 2)
        elif y - 1 - rows * tall < layout.sums:
            segments = self._sums(self.shown, layout)
        elif y - 1 - rows * tall == layout.sums:
            segments = self._scale(self.shown, layout, rows)
        else:
            return blank
        return Strip(Segment.simplify(segments)).adjust_cell_length(self.size.width, self.rich_style)

    def _look(self, name: str) -> Style:
        return self.get_component_rich_style(f"heat-map--{name}")

    def _places(self, layout: Layout) -> range:
        return range(self._left, self._left + layout.count)

    def _titles(self, shown: TransferMap, layout: Layout) -> list[Segment]:
        segments = [Segment(padded(shown.across, layout.name - 1) + " ", self._look("name"))]
        for place in self._places(layout):
            title = shown.columns[place]
            look = self._look("at-hand" if place == self.column else "name")
            # Where numbers have no room, neither have the names of all columns.
            titled = len(title) < layout.cell or layout.format or place % 2 == 0
            segments.append(Segment(layout.centred(shorten(title, layout.cell) if titled else ""), look))
        return [*segments, Segment(MEAN.rjust(layout.mean) if layout.mean else "", self._look("total"))]

    def _row(self, shown: TransferMap, layout: Layout, row: int, middle: bool) -> list[Segment]:
        """A line of a row; its texts stand in the ``middle``."""
        name = padded(shown.rows[row] if middle else "", layout.name - 1) + " "
        segments = [Segment(name, self._look("at-hand" if row == self.row else "name"))]
        for place in self._places(layout):
            cell = shown.cells[row][place]
            digits, style = "·", self._look("total")
            if cell is not None:
                digits = layout.format(cell.value) if layout.format else str(tenth(shown, cell.value))
                style = cell_style(shown, cell.value)
            at_hand = (row, place) == (self.row, self.column)
            if at_hand:
                style += Style(reverse=True, bold=True)
            segments.append(Segment(layout.centred(digits if middle else "", at_hand and middle), style))
        cell = shown.cells[row][0]
        if len(shown.columns) == 1 and cell is not None:
            return [*segments, *self._bar(shown, layout, cell.value)]
        mean = number(shown.means[row]) if layout.mean and middle else ""
        return [*segments, Segment(mean.rjust(layout.mean), self._look("total"))]

    def _bar(self, shown: TransferMap, layout: Layout, value: float) -> list[Segment]:
        """Of the only number of a row, where length says more than colour."""
        room = min(BAR, self.size.width - layout.name - layout.cell - 2)
        return [Segment("  " + "█" * max(0, round(room * abs(value) / shown.high)), self._look("bar"))]

    def _sums(self, shown: TransferMap, layout: Layout) -> list[Segment]:
        segments = [Segment(padded("sum", layout.name), self._look("total"))]
        for total in shown.sums:
            texts = [number(total, decimals) for decimals in (2, 1, 0)]
            text = next((text for text in texts if len(text) < layout.cell), texts[-1])
            segments.append(Segment(layout.centred(text), self._look("total")))
        return segments

    def _scale(self, shown: TransferMap, layout: Layout, rows: int) -> list[Segment]:
        """The colours from end to end, with the place of what the numbers started from, and what is out of sight."""
        plain = self._look("total")
        segments = [Segment(number(shown.low) + " ", plain)]
        cells, span = min(SCALE, self.size.width // 4), shown.high - shown.low
        at = None if shown.start is None else int(cells * (shown.start - shown.low) / span)
        for place in range(cells):
            value = shown.low + span * (place + 0.5) / cells
            digit = str(tenth(shown, value)) if layout.format is None and place % 2 else " "
            segments.append(Segment("│" if place == at else digit, cell_style(shown, value)))
        start = "" if shown.start is None else f"  │ start {number(shown.start)}"
        return [*segments, Segment(f" {number(shown.high)}{start}{self._hidden(shown, layout, rows)}", plain)]

    def _hidden(self, shown: TransferMap, layout: Layout, rows: int) -> str:
        parts = [
            f"{first + 1} to {first + count} of {len(names)} {what}"
            for first, count, names, what in (
                (self._top, rows, shown.rows, "rows"), (self._left, layout.count, shown.columns, "columns"),
            )
            if count < len(names)
        ]  # fmt: skip
        return "".join(f"  {part}" for part in parts)
