"""Rows that are drawn and painted when they change, and not more often: each costs time."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

from rich.style import Style
from textual.color import Color
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget


class Rows(Widget):
    """What ``render_line`` returns is all there is: it has neither border nor padding."""

    _ground: tuple[Color, Style] | None = None

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._ground = None

    def render_lines(self, crop: Region) -> list[Strip]:
        """Rows without Textual's cache, which is by their places: scrolling would draw all of them again."""
        # To resolve these takes as long as to draw ten rows.
        self._ground = self._ground or (self.background_colors[1], self.rich_style)
        (background, style), strips = self._ground, [self.render_line(y) for y in crop.line_range]
        for line_filter in self.get_line_filters():
            strips = [strip.apply_filter(line_filter, background) for strip in strips]
        return [strip.crop_extend(crop.x, crop.right, style) for strip in strips]


def repaint(widget: Widget, before: Sequence[object], after: Sequence[object]) -> None:
    """Paint the rows of ``widget`` that are not equal before and after a change, from its top; a missing row is empty."""
    width = widget.size.width
    rows = enumerate(zip_longest(before, after))
    if changed := [Region(0, y, width, 1) for y, (old, new) in rows if old != new]:
        widget.refresh(*changed)
