"""Lines of styled text that wrap; a change paints the rows that look different."""

from __future__ import annotations

from collections.abc import Sequence

from textual.cache import LRUCache
from textual.content import Content
from textual.geometry import Size
from textual.strip import Strip
from textual.visual import Visual

from scalearn_tui.dashboard.widgets.colours import Part
from scalearn_tui.dashboard.widgets.rows import Rows, repaint

FactLine = tuple[Part, ...]


class FactLines(Rows):
    """Shows the lines that it was given last."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self._lines: tuple[FactLine, ...] = ()
        self._rows: list[Strip] = []
        self._width = 0
        """For which the rows are wrapped."""
        self._strips: LRUCache[tuple[FactLine, int], list[Strip]] = LRUCache(128)

    def show(self, lines: Sequence[FactLine]) -> None:
        """Show other lines. Where the height follows the text, the screen is laid out again if that has more rows or fewer."""
        before, self._lines = self._rows, tuple(lines)
        self._wrap()
        if len(self._rows) != len(before) and self.styles.is_auto_height:
            self.refresh(layout=True)
        else:
            repaint(self, before, self._rows)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self._wrapped(width))

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._strips.clear()
        self._width = 0

    def render_line(self, y: int) -> Strip:
        if self._width != self.size.width:
            self._wrap()
        return self._rows[y] if y < len(self._rows) else Strip.blank(self._width, self.rich_style)

    def _wrap(self) -> None:
        self._width = self.size.width
        self._rows = self._wrapped(self._width)

    def _wrapped(self, width: int) -> list[Strip]:
        return [row for line in self._lines for row in self._rows_of(line, width)]

    def _rows_of(self, line: FactLine, width: int) -> list[Strip]:
        if (line, width) not in self._strips:
            content = Content.assemble(*line)
            self._strips[line, width] = Visual.to_strips(self, content, width, None, self.visual_style, pad=True)
        return self._strips[line, width]
