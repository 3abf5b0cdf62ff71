"""What a grid shows: lines in an order, of which each has an identity and says when it looks different."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from scalearn_tui.text.formatting import padded

Line = TypeVar("Line")
Shown = TypeVar("Shown", covariant=True)
GAP = 2
"""Cells between columns."""


class Lines(Protocol[Shown]):
    """Lines by position. They may change between two calls of the grid, and only then."""

    def __len__(self) -> int: ...

    def __getitem__(self, position: int, /) -> Shown: ...

    def key(self, position: int) -> Hashable:
        """What the line is about: the cursor and marks stay with it."""

    def stamp(self, position: int) -> Hashable:
        """Another one for a line of this key that looks different."""

    def find(self, key: Hashable) -> int | None:
        """Position of the line with this key."""


@dataclass(frozen=True)
class Column(Generic[Line]):
    """One column. It has ``width`` cells where there is room and at least ``least``; those of the highest ``rank`` go first."""

    key: str
    title: str
    width: int
    rank: int
    text: Callable[[Line], str]
    look: str | Callable[[Line], str] = "plain"
    """Component class of the grid, without its prefix."""
    right: bool = False
    least: int = 0
    gap: int = GAP
    """Cells in front of it."""

    @property
    def smallest(self) -> int:
        return self.least or self.width

    def cell(self, line: Line, width: int) -> str:
        return padded(self.text(line), width, self.right)

    def look_of(self, line: Line) -> str:
        return self.look if isinstance(self.look, str) else self.look(line)


def fit(columns: Sequence[Column[Line]], width: int) -> list[tuple[Column[Line], int]]:
    """The columns that fit in ``width`` cells, in their order, and how wide each is.

    The least important goes until all fit at their smallest; what is left then widens those that are not as wide as they may
    be, the most important first.
    """
    chosen: list[Column[Line]] = []
    left = width
    for column in sorted(columns, key=lambda column: column.rank):
        needed = column.smallest + column.gap
        if needed <= left:
            chosen.append(column)
            left -= needed
    widths = {column.key: column.smallest for column in chosen}
    for column in chosen:
        more = min(left, column.width - column.smallest)
        widths[column.key] += more
        left -= more
    return [(column, widths[column.key]) for column in columns if column.key in widths]


class RowLines(Generic[Line]):
    """Lines that can be hashed, and are equal if they look alike; they are replaced as a whole."""

    def __init__(self, lines: Sequence[Line], key: Callable[[Line], Hashable]) -> None:
        self._lines, self._keys = lines, [key(line) for line in lines]

    def __len__(self) -> int:
        return len(self._lines)

    def __iter__(self) -> Iterator[Line]:
        return iter(self._lines)

    def __getitem__(self, position: int, /) -> Line:
        return self._lines[position]

    def key(self, position: int) -> Hashable:
        return self._keys[position]

    def stamp(self, position: int) -> Hashable:
        return self._lines[position]

    def find(self, key: Hashable) -> int | None:
        return self._keys.index(key) if key in self._keys else None
