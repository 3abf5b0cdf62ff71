"""The table of the dashboard. A line API widget: it draws only visible lines, and after a change only those that changed."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Generic

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.cache import LRUCache
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from scalearn_tui.dashboard.widgets.lines import Column, Line, Lines, fit
from scalearn_tui.dashboard.widgets.rows import Rows
from scalearn_tui.text.glyphs import STATES

HEADER = 1
"""Lines at the top that do not scroll."""
MARGIN = 1
"""Cells left and right of a line; the left one has the mark."""
MARK = "▌"


class Grid(Rows, ScrollView, Generic[Line], can_focus=True, inherit_bindings=False):
    """Shows lines and keeps the cursor on its line when lines move."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "grid--header",
        "grid--cursor",
        "grid--cell",
        "grid--mark",
        "grid--strong",
        "grid--dim",
        "grid--plain",
        "grid--missing",
        *(f"grid--{state}" for state in STATES),
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "move(1)", "next line", show=False, id="table.down"),
        Binding("up,k", "move(-1)", "previous line", show=False, id="table.up"),
        Binding("pagedown", "page(1)", "page down", show=False, id="table.pagedown"),
        Binding("pageup", "page(-1)", "page up", show=False, id="table.pageup"),
        Binding("home", "go(0)", "first line", show=False, id="table.home"),
        Binding("end", "go(-1)", "last line", show=False, id="table.end"),
        Binding("enter", "open", "open", show=False, id="table.open"),
        Binding("space", "mark", "mark", show=False, id="table.mark", tooltip="for keys that act on several"),
        Binding("a", "mark_all", "mark all", show=False, id="table.mark-all", tooltip="all that are shown, or none"),
    ]

    @dataclass
    class Moved(Message):
        """Another line is under the cursor; None: there is none."""

        key: Hashable | None

    @dataclass
    class Opened(Message):
        """The line under the cursor was opened."""

        key: Hashable

    @dataclass
    class Marked(Message):
        """Other lines are marked."""

    @dataclass
    class HeaderClicked(Message):
        """The title of a column was clicked."""

        column: str

    def __init__(self, columns: Sequence[Column[Line]], lines: Lines[Line], id: str | None = None) -> None:
        super().__init__(id=id)
        self._columns, self._lines = tuple(columns), lines
        self._count = len(lines)
        self._key: Hashable | None = None
        self._cursor = 0
        self._marks: dict[Hashable, None] = {}
        self._sorted: tuple[str, bool] = ("", False)
        self._cell = ""
        self._layout: list[tuple[Column[Line], int]] = []
        self._strips: LRUCache[tuple[Hashable, ...], Strip] = LRUCache(512)
        self._styles: dict[str, Style] = {}
        self._width = 0

    @property
    def cursor(self) -> int:
        """Position of the line at hand."""
        return self._cursor

    @property
    def lines(self) -> Lines[Line]:
        return self._lines

    @property
    def key(self) -> Hashable | None:
        """What the line at hand is about; None without lines."""
        return self._key

    @property
    def marks(self) -> tuple[Hashable, ...]:
        """Keys of the marked lines, in the order in which they were marked."""
        return tuple(self._marks)

    @property
    def columns(self) -> tuple[Column[Line], ...]:
        return self._columns

    @columns.setter
    def columns(self, columns: Sequence[Column[Line]]) -> None:
        if tuple(columns) != self._columns:
            self._columns, self._width = tuple(columns), 0
            self.refresh()

    @property
    def cell(self) -> str:
        """Key of the column that is at hand in the line at hand; empty where lines are taken as a whole."""
        return self._cell

    @cell.setter
    def cell(self, column: str) -> None:
        self._cell = column
        self._refresh_line(self._cursor)

    # Lines.

    def show_sorted(self, column: str, falling: bool) -> None:
        """Put the arrow at a column; an empty key is at none."""
        if (column, falling) != self._sorted:
            self._sorted = (column, falling)
            self.refresh()

    def replace(self, lines: Lines[Line], top: bool = True) -> None:
        """Show other lines; as with ``renewed``, from their top."""
        self._lines = lines
        self._strips.clear()
        self.renewed(top)

    def renewed(self, top: bool = False) -> None:
        """Draw everything anew; with ``top`` the view goes to the first line, and the cursor too."""
        count = len(self._lines)
        if count != self._count:
            self._count = count
            self.virtual_size = Size(0, count + HEADER)
        for key in [key for key in self._marks if self._lines.find(key) is None]:
            del self._marks[key]
        found = None if top or self._key is None else self._lines.find(self._key)
        self._stand_at((0 if top else self._cursor) if found is None else found)
        if top:
            self.scroll_to(y=0, animate=False, force=True)
        self.refresh()

    def changed(self, keys: Collection[Hashable]) -> None:
        """Draw these lines anew, which are where they were."""
        top, bottom = self._visible()
        for position in range(top, min(bottom, self._count)):
            if self._lines.key(position) in keys:
                self._refresh_line(position)

    def _stand_at(self, position: int) -> None:
        """Put the cursor there and say so if that is another line."""
        moved = position != self._cursor
        self._cursor = max(0, min(position, self._count - 1))
        key = self._lines.key(self._cursor) if self._count else None
        if moved:
            self._scroll_to_cursor()
        if key != self._key:
            self._key = key
            self.post_message(self.Moved(key))

    # Moving.

    def _visible(self) -> tuple[int, int]:
        """First line in view and the one after the last."""
        top = self.scroll_offset.y
        return top, top + max(0, self.scrollable_content_region.height - HEADER)

    def _refresh_line(self, position: int) -> None:
        top, bottom = self._visible()
        if top <= position < bottom:
            self.refresh(Region(0, position - top + HEADER, self.size.width, 1))

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Draw the lines anew, and the scrollbar where that is seen: its thumb moves by eighths of a cell."""
        height, bar = self.size.height, self.vertical_scrollbar
        eighths = 8 * height / max(1, self.virtual_size.height - height)
        if int(eighths * bar.position) != int(eighths * new_value) or new_value in (0, self.max_scroll_y):
            bar.position = new_value
        if round(old_value) != round(new_value):
            self.refresh(self.size.region)

    def _scroll_to_cursor(self) -> None:
        top, bottom = self._visible()
        if self._cursor < top:
            self.scroll_to(y=self._cursor, animate=False)
        elif self._cursor >= bottom:
            self.scroll_to(y=self._cursor - (bottom - top) + 1, animate=False)

    def action_move(self, by: int) -> None:
        self._select(self._cursor + by)

    def action_page(self, direction: int) -> None:
        top, bottom = self._visible()
        self._select(self._cursor + direction * max(1, bottom - top - 1))

    def action_go(self, position: int) -> None:
        self._select(position if position >= 0 else self._count - 1)

    def action_open(self) -> None:
        if self._key is not None:
            self.post_message(self.Opened(self._key))

    def action_mark(self) -> None:
        """Mark the line at hand or take its mark away, and go to the next."""
        if self._key is None:
            return
        if self._marks.pop(self._key, self) is self:
            self._marks[self._key] = None
        self._refresh_line(self._cursor)
        self.post_message(self.Marked())
        self.action_move(1)

    def action_mark_all(self) -> None:
        """Mark all lines, or none if all are marked."""
        keys = [self._lines.key(position) for position in range(self._count)]
        self._marks = {} if len(self._marks) == self._count else dict.fromkeys(keys)
        self.refresh()
        self.post_message(self.Marked())

    def unmark(self) -> bool:
        """Take all marks away; whether there were any."""
        if not self._marks:
            return False
        self._marks = {}
        self.refresh()
        self.post_message(self.Marked())
        return True

    def _select(self, position: int) -> None:
        position = max(0, min(position, self._count - 1))
        if position == self._cursor or not self._count:
            return
        self._refresh_line(self._cursor)
        self._stand_at(position)
        self._refresh_line(position)

    def on_click(self, event: events.Click) -> None:
        """A click moves the cursor, a double click opens, one on a title sorts."""
        position = self.scroll_offset.y + event.y - HEADER
        if event.y < HEADER:
            if column := self._column_at(event.x):
                self.post_message(self.HeaderClicked(column))
        elif position < self._count:
            self._select(position)
            if event.chain == 2:
                self.action_open()

    def _column_at(self, x: int) -> str:
        start = MARGIN
        for column, cells in self._layout:
            start += column.gap + cells
            if x < start:
                return column.key
        return ""

    # Drawing.

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._strips.clear()
        self._styles.clear()

    def on_focus(self) -> None:
        self._refresh_line(self._cursor)

    def on_blur(self) -> None:
        self._refresh_line(self._cursor)

    def render_line(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        if width != self._width:
            self._width, self._layout = width, fit(self._columns, width - 2 * MARGIN)
            self._strips.clear()
        if y < HEADER:
            return self._header(width)
        position = self.scroll_offset.y + y - HEADER
        if position >= self._count:
            return Strip.blank(width, self._style(""))
        at_hand, key = position == self._cursor, self._lines.key(position)
        drawn = (key, self._lines.stamp(position), at_hand and (self._cell,), self.has_focus, key in self._marks)
        if drawn not in self._strips:
            self._strips[drawn] = self._line(self._lines[position], at_hand, key in self._marks, width)
        return self._strips[drawn]

    def _style(self, look: str) -> Style:
        """Of a component class, or of the grid; kept until styles change: to resolve one takes as long as to draw a line."""
        if look not in self._styles:
            component = f"grid--{look}"
            self._styles[look] = self.get_component_rich_style(component, partial=look == "cell") if look else self.rich_style
        return self._styles[look]

    def _header(self, width: int) -> Strip:
        style = self._style("header")
        sorted_by, falling = self._sorted
        line = " " * MARGIN
        for column, cells in self._layout:
            arrow = ("↓" if falling else "↑") if column.key == sorted_by else ""
            # With its arrow a title may be wider than its column; it then reaches into the gap.
            title, cells = column.title + arrow, cells + column.gap
            line += title.rjust(cells) if column.right else (" " * column.gap + title).ljust(cells)
        return Strip([Segment(line, style)]).adjust_cell_length(width, style)

    def _line(self, line: Line, at_hand: bool, marked: bool, width: int) -> Strip:
        behind = self._style("cursor" if at_hand else "")
        base = Style(bgcolor=behind.bgcolor)
        mark = self._style("mark")
        segments = [Segment(MARK, mark + base) if marked else Segment(" " * MARGIN, base)]
        for column, cells in self._layout:
            look = column.look_of(line)
            style = self._style(look)
            if at_hand and look not in STATES:
                style = behind if look != "strong" else behind + Style(bold=True)
            gap, text = " " * column.gap, column.cell(line, cells)
            if at_hand and column.key == self._cell:
                segments.append(Segment(gap, base))
                segments.append(Segment(text, base + style + self._style("cell")))
            else:
                # The gap in the cell's style: each change of style is bytes on the line to a terminal.
                segments.append(Segment(gap + text, style + base))
        return Strip(Segment.simplify(segments)).adjust_cell_length(width, base)
