"""The line at the top: how many runs are in which state, and what the table shows."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static

from scalearn_tui.dashboard.widgets.colours import DIM, Part, state_style
from scalearn_tui.text.glyphs import state_glyph

WORDS_FROM = 100
"""Width from which states are named, not only marked."""


class StatusLine(Static):
    """Counts on the left, the list's filter and order on the right."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self._counts: dict[str, int] = {}
        self._right = ""
        self._warning = ""

    def show(self, counts: dict[str, int], right: str, warning: str = "") -> None:
        """``counts`` by state; ``right`` describes the list; ``warning`` takes its place while something is wrong."""
        if (counts, right, warning) != (self._counts, self._right, self._warning):
            self._counts, self._right, self._warning = counts, right, warning
            self._write()

    def on_resize(self) -> None:
        self._write()

    def _write(self) -> None:
        wide = self.size.width >= WORDS_FROM
        parts: list[Part] = [("scalearn", "bold $text-primary"), "  "]
        for state, number in self._counts.items():
            parts += [(f"  {state_glyph(state)} {number}", state_style(state)), (f" {state}" if wide else "", DIM)]
        left = Content.assemble(*parts)
        right = Content.assemble((self._warning, "$text-warning") if self._warning else (self._right, DIM))
        room = self.size.width - left.cell_length - right.cell_length
        if room < 2:
            right, room = right.truncate(max(0, self.size.width - left.cell_length - 2), ellipsis=True), 2
        # Its size never changes, so the screen need not be laid out again.
        self.update(Content.assemble(left, " " * room, right), layout=False)
