"""The lines of a log that a text or an error is in."""

from __future__ import annotations

import os
import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from scalearn_tui.dashboard.log_file import visible

CHUNK = 1 << 18
"""Bytes searched at a time: short enough that other threads are not held up."""
MOST = 1_000_000
"""Matching lines kept; the search ends there."""
UNPLAIN = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]")


@dataclass(frozen=True)
class Query:
    """What is searched in lines as they are shown."""

    pattern: re.Pattern[str]
    any_case: bool = False
    """``pattern`` is in lower case, and so is the text before it is searched."""

    @classmethod
    def plain(cls, text: str) -> Query:
        """The text itself; upper and lower case are the same unless it has an upper-case letter."""
        return cls(re.compile(re.escape(text)), text == text.lower())

    def spans(self, line: str) -> list[tuple[int, int]]:
        """Where the matches in a line begin and end."""
        text = line.lower() if self.any_case else line
        if len(text) != len(line):  # A few letters become two in lower case, and positions move.
            return []
        return [match.span() for match in self.pattern.finditer(text)]

    def lines(self, text: str) -> Iterator[int]:
        """The lines of ``text`` with a match, from 0."""
        text = text.lower() if self.any_case else text
        number = counted = position = 0
        while match := self.pattern.search(text, position):
            number += text.count("\n", counted, match.start())
            yield number
            counted = position = text.find("\n", match.end())
            if position < 0:
                return


class Search:
    """The lines of one file that match. ``read_on`` may block: one call at a time, in a thread."""

    def __init__(self, path: Path, query: Query) -> None:
        self.path, self.query = path, query
        self.lines = array("Q")
        """Numbers of the matching lines found so far, in order."""
        self.cancelled = False
        """Set from outside to end it soon."""
        self._identity: tuple[int, int] | None = None
        self._position = self._number = 0

    @property
    def full(self) -> bool:
        """Whether there may be more matches than are kept."""
        return len(self.lines) >= MOST

    def read_on(self) -> None:
        """Search what the file has gained since the last call, or all of it if it is another file."""
        try:
            with self.path.open("rb", buffering=0) as file:
                self._read_on(file.fileno())
        except FileNotFoundError:
            self._restart(None)

    def next(self, line: int, step: int) -> int | None:
        """Position in ``lines`` of the first match after ``line``, before it for ``step`` -1; goes on at the other end."""
        if not self.lines:
            return None
        at = bisect_right(self.lines, line) if step > 0 else bisect_left(self.lines, line) - 1
        return at % len(self.lines)

    def _restart(self, identity: tuple[int, int] | None) -> None:
        self._identity, self._position, self._number = identity, 0, 0
        del self.lines[:]

    def _read_on(self, fd: int) -> None:
        status = os.fstat(fd)
        identity = (status.st_dev, status.st_ino)
        if identity != self._identity or status.st_size < self._position:
            self._restart(identity)
        # The unfinished line may have changed: it is searched anew.
        del self.lines[bisect_left(self.lines, self._number) :]
        position, number = self._position, self._number
        while not (self.cancelled or self.full) and (data := os.pread(fd, CHUNK, position)):
            # Only a line longer than a chunk is searched in pieces; what crosses two of them is not found.
            data = data[: data.rfind(b"\n") + 1] or data
            for line in self.query.lines(_shown(data)):
                if not self.lines or self.lines[-1] != number + line:
                    self.lines.append(number + line)
            position += len(data)
            number += data.count(b"\n")
            if data.endswith(b"\n"):
                self._position, self._number = position, number


# Begins with a letter in each case, by which `re` skips ahead: with `^` or `\b` there it takes ten times as long.
ERRORS = Query(re.compile(r"Traceback \(|ERROR(?<!\wERROR)(?!\w)|Error(?=:|\n|$)"))
"""Lines that tell of an error."""


def _shown(data: bytes) -> str:
    """Lines as they are shown, tabs aside."""
    if UNPLAIN.search(data):
        return "\n".join(map(visible, data.split(b"\n")))
    return data.decode(errors="replace")
