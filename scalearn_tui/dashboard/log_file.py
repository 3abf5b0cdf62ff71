"""The lines of a growing text file by number, found again in the file instead of held in memory."""

from __future__ import annotations

import os
import re
from array import array
from bisect import bisect_right
from dataclasses import dataclass
from pathlib import Path

from scalearn_tui.text.logs import collapse

WINDOW = 256 * 1024
"""Bytes before the end of a file from which lines are known at once."""
BLOCK = 1 << 16
"""Bytes for which one number is kept."""
LONGEST = 1 << 16
"""Bytes of one line that are shown."""
ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass(frozen=True)
class Page:
    """Some neighbouring lines, as a terminal would show them."""

    first: int
    """Number of the first of ``lines``, from 0."""
    lines: tuple[str, ...]
    count: int
    """Lines that the file has; an unfinished last one counts."""
    fresh: bool
    """Whether this is another file than at the last read, or its beginning was cut off."""


class LogFile:
    """One file from ``start`` on. Reading may block: one call at a time, in a thread. A missing file is an empty one.

    For every block of 64 KiB the index has the number of line ends before it: 8 bytes, whatever the lines are like.
    """

    def __init__(self, path: Path, whole: bool = False) -> None:
        """``whole`` starts at the first line, else at the first one of the last 256 KiB."""
        self.path = path
        self.start = 0
        self.total = 0
        """Bytes of the file when it was last looked at."""
        self.cancelled = False
        """Set from outside to end an index that nobody waits for."""
        self._whole = whole
        self._identity: tuple[int, int] | None = None
        self._forget()

    def _forget(self) -> None:
        self._end = self.start
        self._before = array("Q", [0])
        self._newlines = 0
        self._unfinished = False
        self._found: tuple[tuple[int, int], list[int]] = ((-1, 0), [])

    @property
    def count(self) -> int:
        """Lines known so far."""
        return self._newlines + self._unfinished

    @property
    def percent(self) -> int:
        """How much of the file is in the index."""
        return 100 * (self._end - self.start) // max(1, self.total - self.start)

    def page(self, first: int | None, rows: int) -> Page:
        """Up to ``rows`` lines from ``first``, or the last ones for None, of the file as it is now."""
        try:
            fd = os.open(self.path, os.O_RDONLY)
        except FileNotFoundError:
            fresh = self._identity is not None
            self._identity, self.start, self.total = None, 0, 0
            self._forget()
            return Page(0, (), 0, fresh)
        try:
            fresh = self._follow(fd)
            first = self.count - rows if first is None else min(first, self.count - 1)
            first = max(0, first)
            lines = tuple(self._line(fd, number) for number in range(first, min(first + rows, self.count)))
        finally:
            os.close(fd)
        return Page(first, lines, self.count, fresh)

    def number_at(self, offset: int) -> int:
        """The number of the line that starts at a byte of the file."""
        block, rest = divmod(offset - self.start, BLOCK)
        with self.path.open("rb") as file:
            file.seek(offset - rest)
            return self._before[block] + file.read(rest).count(b"\n")

    def _follow(self, fd: int) -> bool:
        """Bring the index up to date; whether it had to begin anew."""
        status = os.fstat(fd)
        identity, self.total = (status.st_dev, status.st_ino), status.st_size
        fresh = identity != self._identity or self.total < self._end
        if fresh:
            self._identity = identity
            self.start = 0 if self._whole else _line_start(fd, self.total - WINDOW)
            self._forget()
        while self._end < self.total and not self.cancelled:
            used = (self._end - self.start) % BLOCK
            data = os.pread(fd, min(BLOCK - used, self.total - self._end), self._end)
            if not data:
                break
            self._end += len(data)
            self._newlines += data.count(b"\n")
            self._unfinished = not data.endswith(b"\n")
            if used + len(data) == BLOCK:
                self._before.append(self._newlines)
        return fresh

    def _line(self, fd: int, number: int) -> str:
        start = self._newline(fd, number - 1) + 1 if number else self.start
        end = self._newline(fd, number) if number < self._newlines else self._end
        if end - start <= LONGEST:
            return visible(os.pread(fd, end - start, start))
        last = os.pread(fd, LONGEST, end - LONGEST)
        if b"\r" in last.rstrip(b"\r"):  # A progress bar: what was printed last stands there.
            return visible(last)
        return visible(os.pread(fd, LONGEST, start)) + "…"

    def _newline(self, fd: int, number: int) -> int:
        """Where the line end with this number is in the file."""
        block = bisect_right(self._before, number) - 1
        begin = self.start + block * BLOCK
        if self._found[0] != (block, self._end):
            data = os.pread(fd, min(BLOCK, self._end - begin), begin)
            self._found = (block, self._end), [match.start() for match in re.finditer(rb"\n", data)]
        at, found = number - self._before[block], self._found[1]
        # Fewer are found than were counted if the file was written over since; the next read sees that.
        return begin + found[at] if at < len(found) else self._end


def _line_start(fd: int, offset: int) -> int:
    """The first line start at or after ``offset``; ``offset`` itself in a line longer than the window."""
    if offset <= 0:
        return 0
    end = os.pread(fd, WINDOW, offset).find(b"\n")
    return offset + end + 1


def visible(line: bytes) -> str:
    """A line as it stands after its carriage returns: only what was printed last, without escape codes, tabs as spaces."""
    return ESCAPES.sub("", collapse(line.decode(errors="replace"))).expandtabs(4)
