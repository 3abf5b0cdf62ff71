"""A chart of up to nine curves, drawn in braille, with keys to look closer."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.cache import LRUCache
from textual.geometry import Region
from textual.strip import Strip

from scalearn_tui.dashboard.blocking import Background
from scalearn_tui.dashboard.charts import legend, looks
from scalearn_tui.dashboard.charts.drawing import AXIS_ROWS, Picture, draw, extent, left_out
from scalearn_tui.dashboard.charts.looks import Look, Part
from scalearn_tui.dashboard.charts.scales import place_text
from scalearn_tui.dashboard.charts.series import AXES, Series, View
from scalearn_tui.dashboard.close_look import CloseLook
from scalearn_tui.dashboard.widgets.rows import Rows, repaint

MINIMUM = (16, 5)
"""Smallest width and height at which a chart says more than a number."""
WEIGHTS = (0.0, 0.3, 0.6, 0.8, 0.9, 0.95, 0.99)
"""Of the past, from no smoothing to the most."""
DIM = Style(dim=True)
KEPT = 32
"""Pictures, for when the cursor comes back to a run."""
FEWEST = 4
"""Steps that are not zoomed into any further."""

Row = tuple[Sequence[Part], int | None]
"""What stands in a row, and the cell at which the crosshair goes through it."""


class Chart(Rows, can_focus=True):
    """Shows what it was given last, and paints only when that or the way of looking at it changed."""

    COMPONENT_CLASSES: ClassVar[set[str]] = looks.NAMES
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("plus,equals_sign", "zoom(0.5)", "zoom in", key_display="+", id="chart.zoom-in"),
        Binding("minus", "zoom(2)", "zoom out", show=False, key_display="-", id="chart.zoom-out"),
        Binding("0", "whole", "everything", show=False, id="chart.whole", tooltip="the whole curves"),
        Binding("left", "move(-1)", "left", show=False, id="chart.left", tooltip="the window or the crosshair"),
        Binding("right", "move(1)", "right", show=False, id="chart.right", tooltip="the window or the crosshair"),
        Binding("i", "crosshair", "crosshair", id="chart.crosshair", tooltip="the values at one place"),
        Binding("comma", "smooth(-1)", "smooth less", show=False, key_display=",", id="chart.smooth-less"),
        Binding("full_stop", "smooth(1)", "smooth more", show=False, key_display=".", id="chart.smooth-more"),
        Binding("Y", "log", "log", show=False, id="chart.log", tooltip="logarithmic or linear values"),
        Binding("X", "axis", "axis", show=False, id="chart.axis", tooltip="steps, epochs or time"),
        Binding("v", "summary", "values", show=False, id="chart.values", tooltip="the newest, or lowest ‥ mean ‥ highest"),
        Binding("f", "full", "full", id="chart.full", tooltip="the chart alone; escape closes it"),
    ]

    def __init__(self, background: Background, id: str | None = None) -> None:
        super().__init__(id=id)
        self.title = ""
        self.series: tuple[Series, ...] = ()
        self.view = View()
        self.crosshair: float | None = None
        """A place on the axis."""
        self._hovered: float | None = None
        self._close_look = CloseLook(background, self._draw_anew)
        self._styles: dict[Look, Style] = {}
        self._head: list[list[Part]] = []
        """The rows above the picture."""
        self._picture: Picture | None = None
        self._painted: list[Row] = []
        self._pictures: LRUCache[Hashable, Picture | None] = LRUCache(KEPT)
        self._drawing = False
        """Whether they are about to be drawn."""

    @property
    def axis(self) -> str:
        """The axis of the view, or the first one by which any of the series is known."""
        known = self._axes()
        return self.view.axis if self.view.axis in known or not known else known[0]

    @property
    def shown(self) -> list[Series]:
        """What has a place on the axis."""
        return [one for one in self.series if self.axis in one.per_step][: looks.MOST]

    @property
    def drawn(self) -> list[Series]:
        """``shown``, zoomed in with the points of a closer look where they were read."""
        return self._close_look.of(self.shown, self._seen)

    @property
    def _seen(self) -> View:
        return replace(self.view, axis=self.axis)

    def show(self, title: str, series: Sequence[Series]) -> None:
        """Show these curves; what is shown already is not painted again."""
        before, axis = self._drawn_from(), self.axis
        self.title, self.series = title, tuple(series)
        if self.axis != axis:
            self.view, self.crosshair = replace(self.view, window=None), None
        if self._drawn_from() != before:
            self._draw_anew()
            self._read_closer()

    def _drawn_from(self) -> tuple[str, str, list[object]]:
        """What the picture depends on; equal points are the same object."""
        axis = self.axis
        return self.title, axis, [(one.name, one.points, one.band, one.per_step.get(axis)) for one in self.series]

    # Drawing

    def render_line(self, y: int) -> Strip:
        parts, crossed = self._painted[y] if y < len(self._painted) else ((), None)
        segments = [Segment(text, self._style(look)) for text, look in parts]
        strip = Strip(segments).adjust_cell_length(self.size.width, self._style(looks.AXIS))
        return strip if crossed is None else self._crossed(strip, crossed)

    def _rows(self) -> list[Row]:
        """Head and picture as they are now."""
        head: list[Row] = [(row, None) for row in self._head]
        picture = self._picture
        if picture is None:
            return head
        crossed = None if self._pointed is None else picture.margin + picture.cell(self._pointed)
        curves, axis = picture.rows[:-AXIS_ROWS], picture.rows[-AXIS_ROWS:]
        return [*head, *((row, crossed) for row in curves), *((row, None) for row in axis)]

    @property
    def _pointed(self) -> float | None:
        """Where the mouse or else the crosshair is, unless that is out of sight."""
        place = self.crosshair if self._hovered is None else self._hovered
        if place is None or self._picture is None:
            return place
        left, right = self._picture.window
        return place if left <= place <= right else None

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._styles.clear()

    def _style(self, look: Look) -> Style:
        if look not in self._styles:
            style = self.get_component_rich_style(look.name)
            self._styles[look] = style + DIM if look.faint else style
        return self._styles[look]

    def _crossed(self, strip: Strip, x: int) -> Strip:
        cell = strip.crop(x, x + 1)
        if cell.text == " ":
            cell = Strip([Segment("│", self._style(looks.CROSSHAIR))])
        return Strip.join([strip.crop(0, x), cell, strip.crop(x + 1)])

    def _draw(self) -> list[list[Part]]:
        """Draw the picture, if it is not, and the rows above it."""
        width, height = self.size
        shown = self.shown
        if not shown or width < MINIMUM[0] or height < MINIMUM[1]:
            return [[(self.title, looks.TITLE)], [("no points yet" if self.title and not shown else "", looks.AXIS)]]
        drawn = self.drawn
        head = legend.legend(self.title, self._notes(), shown, self._values(drawn), width, max(1, height // 4))
        if self._picture is None:
            self._picture = self._picture_of(drawn, width, height - len(head))
        if self._picture is None:
            head.append([("nothing to see here; 0 shows everything" if self.view.window else "no value above 0", looks.AXIS)])
        return head

    def _picture_of(self, drawn: Sequence[Series], width: int, height: int) -> Picture | None:
        """One that was drawn lately is not drawn again."""
        seen = self._seen
        curves = tuple((one.points, one.band, one.per_step[seen.axis]) for one in drawn)
        asked = curves, seen, width, height
        if asked not in self._pictures:
            self._pictures[asked] = draw(drawn, seen, width, height)
        return self._pictures[asked]

    def _notes(self) -> str:
        """What differs from the plain picture, and the place of the crosshair."""
        view, place, hidden = self.view, self._pointed, len(self.series) - len(self.shown)
        return ", ".join(
            part
            for part in (
                f"{self.axis} {place_text(self.axis, place)}" if place is not None else "",
                f"smoothed {view.smoothing:g}" if view.smoothing else "",
                "log" if view.log else "",
                "values ≤ 0 left out" if left_out(self.shown, view) else "",
                f"{hidden} not drawn" if hidden else "",
            )
            if part
        )

    def _values(self, drawn: Sequence[Series]) -> list[str]:
        """What the legend says of each series: at the crosshair, in the window, or last of all."""
        place, axis = self._pointed, self.axis
        if place is not None:
            return [legend.value_at(one, place / one.per_step[axis]) for one in drawn]
        if self.view.summary:
            left, right = self.view.window or extent(drawn, axis)
            return [legend.summary(one, left / one.per_step[axis], right / one.per_step[axis]) for one in drawn]
        return [legend.newest(one) for one in self.shown]

    def _draw_anew(self) -> None:
        """Draw and paint what is to be shown by then: many changes at once cost one drawing."""
        if not self._drawing:
            self._drawing = self.call_later(self._redraw)

    def _redraw(self) -> None:
        before, self._picture, self._drawing = self._painted, None, False
        self._head = self._draw()
        self._painted = self._rows()
        repaint(self, before, self._painted)

    def on_resize(self) -> None:
        self._draw_anew()

    # Looking closer

    def _look(self, **changes: object) -> None:
        self.view = replace(self.view, **changes)  # type: ignore[arg-type]
        self._draw_anew()

    def _axes(self) -> list[str]:
        return [axis for axis in AXES if any(axis in one.per_step for one in self.series)]

    def _move_window(self, left: float, span: float) -> None:
        """Show a window of this width that is as far left as possible within the curves."""
        first, last = extent(self.shown, self.axis)
        left = max(first, min(left, last - span))
        self._look(window=None if span >= last - first else (left, left + span))
        self._read_closer()

    def _read_closer(self) -> None:
        self._close_look.read(self.shown, self._seen)

    def action_zoom(self, factor: float) -> None:
        """Show ``factor`` times as much, around the crosshair or the middle."""
        if not self.shown:
            return
        left, right = self.view.window or extent(self.shown, self.axis)
        span = max((right - left) * factor, FEWEST * min(one.per_step[self.axis] for one in self.shown))
        middle = (left + right) / 2 if self.crosshair is None else self.crosshair
        self._move_window(middle - span / 2, span)

    def action_whole(self) -> None:
        """Show all of the curves."""
        if self.view.window is not None:
            self._look(window=None)

    def action_move(self, by: int) -> None:
        """Move the crosshair to the next point, or else the window by a quarter of it."""
        if self.crosshair is not None and self._picture:
            self._point(crosshair=self._picture.beside(self.crosshair, by))
        elif self.view.window is not None:
            left, right = self.view.window
            self._move_window(left + by * (right - left) / 4, right - left)

    def action_smooth(self, by: int) -> None:
        """More smoothing, or less."""
        at = WEIGHTS.index(self.view.smoothing) + by
        if 0 <= at < len(WEIGHTS):
            self._look(smoothing=WEIGHTS[at])

    def action_log(self) -> None:
        """Logarithmic values, or linear ones."""
        self._look(log=not self.view.log)

    def action_axis(self) -> None:
        """The next kind of axis that is known; the window stays where it is on the first curve."""
        known = self._axes()
        if len(known) < 2:
            return
        before, after = self.axis, known[(known.index(self.axis) + 1) % len(known)]
        units = next((one.per_step for one in self.series if before in one.per_step and after in one.per_step), None)
        window, crosshair = self.view.window, self.crosshair
        if units is None:
            window = crosshair = None
        else:
            scale = units[after] / units[before]
            window = window and (window[0] * scale, window[1] * scale)
            crosshair = None if crosshair is None else crosshair * scale
        self.crosshair = crosshair
        self._look(axis=after, window=window)

    def action_summary(self) -> None:
        """Lowest, mean and highest values, or the newest."""
        self._look(summary=not self.view.summary)

    def action_full(self) -> None:
        """The chart alone on the screen, or back."""
        if self.screen.maximized is self:
            self.screen.minimize()
        else:
            self.screen.maximize(self, container=False)

    # Pointing

    def action_crosshair(self) -> None:
        """Point at the newest place in sight, or no longer."""
        if self.crosshair is not None:
            self._point(crosshair=None)
        elif self._picture and self._picture.found:
            self._point(crosshair=self._picture.nearest(self._picture.cells))

    def on_mouse_move(self, event: events.MouseMove) -> None:
        picture = self._picture
        self._point(hovered=picture.nearest(event.x - picture.margin) if picture and picture.found else None)

    def on_leave(self) -> None:
        self._point(hovered=None)

    def _point(self, **changes: float | None) -> None:
        """Move the crosshair or the mouse, and paint just what that changes."""
        before = self._pointed
        self.crosshair = changes.get("crosshair", self.crosshair)
        self._hovered = changes.get("hovered")
        after, picture = self._pointed, self._picture
        if before == after or picture is None:
            return
        head, self._head = self._head, self._draw()
        if len(self._head) != len(head):
            self._draw_anew()
            return
        self._painted = self._rows()
        repaint(self, head, self._head)
        columns = [picture.margin + picture.cell(place) for place in (before, after) if place is not None]
        self.refresh(*(Region(x, len(head), 1, len(picture.rows) - AXIS_ROWS) for x in columns))
