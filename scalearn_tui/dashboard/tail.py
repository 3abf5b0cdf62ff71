"""The end of a growing text file, as a terminal would show it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from scalearn_tui.text.logs import collapse

WINDOW = 256 * 1024
"""Bytes read from the end of a file that is opened; the beginning of a long log is not shown."""
ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass(frozen=True)
class Tailed:
    """What was added since the last read."""

    fresh: bool
    """Whether ``lines`` replace everything shown before (first read, or the file was replaced)."""
    lines: tuple[str, ...]
    """Complete lines."""
    open_line: str
    """The last line so far, without its end: a progress bar, usually."""
    skipped: bool = False
    """Whether the file has more above the first line."""


class Tail:
    """Follows one file. ``read`` may block: call it in a thread, one call at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._offset = -1
        self._pending = b""

    def read(self) -> Tailed | None:
        """What was added since the last call; None if nothing was. A missing file reads as an empty one."""
        try:
            with self.path.open("rb") as file:
                return self._read(file)
        except FileNotFoundError:
            if self._offset == 0:
                return None
            self._offset, self._pending = 0, b""
            return Tailed(True, (), "")

    def _read(self, file: BinaryIO) -> Tailed | None:
        size = file.seek(0, 2)
        if size == self._offset:
            return None
        fresh = self._offset <= 0 or size < self._offset
        seen = 0 if fresh else self._offset
        start = max(seen, size - WINDOW)
        file.seek(start)
        data = file.read(size - start)
        self._offset = start + len(data)
        skipped = start > seen
        if skipped:
            data = data.partition(b"\n")[2]
        if fresh or skipped:
            self._pending = b""
        *complete, pending = (self._pending + data).split(b"\n")
        self._pending = _last_print(pending)
        return Tailed(fresh or skipped, tuple(map(visible, complete)), visible(pending), skipped)


def _last_print(pending: bytes) -> bytes:
    """The visible part of an unfinished line, so that a progress bar that never ends its line costs no memory."""
    body = pending.rstrip(b"\r")
    return body.rpartition(b"\r")[2] + pending[len(body) :]


def visible(line: bytes) -> str:
    """A line as it stands after its carriage returns: only what was printed last, without escape codes, tabs as spaces."""
    return ESCAPES.sub("", collapse(line.decode(errors="replace"))).expandtabs(4)
