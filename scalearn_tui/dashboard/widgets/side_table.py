"""Facts of several sides in columns beside each other; where not all sides fit, some of them at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from rich.cells import cell_len
from textual.content import Content
from textual.geometry import Size
from textual.style import Style
from textual.widget import Widget

from scalearn_tui.dashboard.model.compare import Fact
from scalearn_tui.dashboard.widgets.colours import DIM
from scalearn_tui.text.formatting import padded, shorten

GAP = 2
NAME = 18
"""Cells of a fact's name, at most."""
LEAST = 14
"""Cells of a side, at least."""
MOST = 36
"""Cells of a side, at most: what is longer goes on below."""

Cell = tuple[str, str | Style]


@dataclass(frozen=True)
class Head:
    """The title of a column, with the mark and the colour of its curve where it has one."""

    title: str
    mark: str = ""
    style: str | Style = "bold"


class SideTable(Widget):
    """Long texts are wrapped, never cut: what differs may be at their end. It is as high as its width asks."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self._heads: Sequence[Head] = ()
        self._facts: Sequence[Fact] = ()
        self._first = 0

    def show(self, heads: Sequence[Head], facts: Sequence[Fact]) -> None:
        """One head per side, and as many texts in each fact."""
        self._heads, self._facts = heads, facts
        self.refresh(layout=True)

    def move(self, by: int) -> None:
        """Begin with another side."""
        self._first = max(0, min(self._first + by, len(self._heads) - self._room(self.size.width)[0]))
        self.refresh(layout=True)

    def render(self) -> Content:
        return self._text(self.size.width)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return self._text(width).plain.count("\n") + 1

    def _room(self, width: int) -> tuple[int, int, int]:
        """How many sides there is room for; cells of the facts' names and of a side."""
        name = min(NAME, max((cell_len(fact.name) for fact in self._facts), default=0))
        count = max(1, min(len(self._heads), (width - name) // (LEAST + GAP)))
        return count, name, min(MOST, max(1, (width - name) // count - GAP))

    def _text(self, width: int) -> Content:
        if not self._heads:
            return Content()
        count, name, room = self._room(width)
        first = max(0, min(self._first, len(self._heads) - count))
        places = range(first, first + count)
        hidden = f"+{len(self._heads) - count} ← →" if count < len(self._heads) else ""
        heads = [self._heads[place] for place in places]
        rows = [_row((hidden, DIM), [(f"{head.mark} {head.title}".strip(), head.style) for head in heads], name, room)]
        for fact in self._facts:
            style = "" if fact.differs else DIM
            rows.append(_row((fact.name, DIM), [(fact.texts[place], style) for place in places], name, room))
        return Content("\n").join(line for row in rows for line in row)


def _row(name: Cell, cells: Sequence[Cell], name_width: int, width: int) -> list[Content]:
    """As many lines as the longest cell takes."""
    wrapped = [[part.plain for part in Content(text).wrap(width)] for text, _ in cells]
    styles = [style for _, style in cells]
    lines = []
    for number, parts in enumerate(zip_longest(*wrapped, fillvalue="")):
        title = padded(shorten(name[0], name_width) if not number else "", name_width)
        texts = [(" " * GAP + padded(part, width), style) for part, style in zip(parts, styles, strict=True)]
        lines.append(Content.assemble((title, name[1]), *texts).rstrip())
    return lines
