"""Reading a run's log: its tail, never the whole file, and progress bars as a terminal would leave them."""

from __future__ import annotations

import os
from pathlib import Path

BLOCK = 1 << 16
"""Bytes per step backwards from the end of a file."""
MOST = 1 << 24
"""Bytes read at most for a tail."""


def collapse(line: str) -> str:
    """What stands on the screen after a line whose progress bar went back with carriage returns."""
    return line.rstrip("\r").rpartition("\r")[2]


def tail(path: Path, lines: int) -> tuple[list[str], int]:
    """The last ``lines`` lines, collapsed, and the position in bytes from which new text will follow.

    An unfinished last line counts as a line only if nothing follows it, so it is left for later. A missing file is empty.
    """
    try:
        with path.open("rb") as file:
            end = start = file.seek(0, os.SEEK_END)
            data = b""
            while start > 0 and data.count(b"\n") <= lines and end - start < MOST:
                step = min(BLOCK, start)
                start -= step
                file.seek(start)
                data = file.read(step) + data
    except FileNotFoundError:
        return [], 0
    complete = data.rfind(b"\n") + 1
    if start > 0:
        data, skipped = data[data.find(b"\n") + 1 :], data.find(b"\n") + 1
        complete -= skipped
    texts = data[:complete].decode(errors="replace").split("\n")[:-1]
    position = end - (len(data) - complete)
    return [collapse(text) for text in texts[-lines:]] if lines else [], position


def read_on(path: Path, position: int, to_the_end: bool = False) -> tuple[list[str], int]:
    """Complete lines from ``position``, collapsed, and the next position; with ``to_the_end`` an unfinished line too."""
    try:
        with path.open("rb") as file:
            file.seek(position)
            data = file.read()
    except FileNotFoundError:
        return [], position
    complete = len(data) if to_the_end else data.rfind(b"\n") + 1
    text = data[:complete].decode(errors="replace")
    texts = text.removesuffix("\n").split("\n") if text else []
    return [collapse(line) for line in texts], position + complete
