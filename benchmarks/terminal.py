"""A program in a pseudo-terminal: its keys, what it paints, and what that costs in CPU time and memory."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.files.home import Home

SIZE = (120, 40)
IDLE_SECONDS = 20.0
QUIET = 0.15
"""Seconds without output after which a program has answered: the pane reads a run when the cursor rested for 0.06 s."""
ESCAPES = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|[@-Z\\-_])")


class Terminal:
    """A program in a terminal of its own."""

    def __init__(self, pid: int, fd: int) -> None:
        self.pid, self._fd = pid, fd

    def cpu(self) -> float:
        """Seconds that the process computed so far."""
        # What clock_getcpuclockid(3) returns, which Python does not have.
        return time.clock_gettime(~self.pid << 3 | 2)

    def loop(self) -> float:
        """Seconds that its main thread computed so far, which runs the event loop."""
        return int(Path(f"/proc/{self.pid}/task/{self.pid}/schedstat").read_text().split()[0]) / 1e9

    def memory(self, what: str) -> float:
        """MiB that are resident now (``VmRSS``) or were at most (``VmHWM``)."""
        found = re.search(rf"{what}:\s*(\d+) kB", Path(f"/proc/{self.pid}/status").read_text())
        assert found is not None
        return int(found[1]) / 1024

    def _next(self, patience: float) -> bytes:
        """A piece of output, empty when none comes in time."""
        return os.read(self._fd, 1 << 16) if select.select([self._fd], [], [], max(0.0, patience))[0] else b""

    def read(self, seconds: float) -> None:
        """Let it run for so long."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._next(left)

    def read_until(self, text: str, cells: int = 0) -> None:
        """Let it run until it has written ``text`` and so many cells. Raises RuntimeError when it ends or a minute passes."""
        output, end = b"", time.monotonic() + 60
        while time.monotonic() < end:
            try:
                output += self._next(1.0)
            except OSError:
                break
            painted = ESCAPES.sub("", output.decode(errors="replace"))
            if text in painted and len(painted) >= cells:
                return
        raise RuntimeError(f"{text!r} was not painted; the output ends with {output[-2000:].decode(errors='replace')}")

    def send(self, key: str) -> None:
        os.write(self._fd, key.encode())

    def press(self, key: str) -> int:
        """Press a key; returns how many bytes it wrote until it was quiet."""
        self.send(key)
        written, patience = 0, 1.0
        while piece := self._next(patience):
            written, patience = written + len(piece), QUIET
        return written

    def idle(self, seconds: float = IDLE_SECONDS) -> tuple[float, float]:
        """What share of a core the process and its event loop take when it is left alone."""
        cpu, loop = self.cpu(), self.loop()
        self.read(seconds)
        return (self.cpu() - cpu) / seconds, (self.loop() - loop) / seconds


@contextmanager
def program(code: str, home: Home, size: tuple[int, int] = SIZE) -> Iterator[Terminal]:
    pid, fd = pty.fork()
    if pid == 0:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
        os.environ.update(SCALEARN_HOME=str(home.root), TERM="xterm-256color", COLORTERM="truecolor")
        # As what is installed starts, of which no module is compiled every time.
        os.environ["PYTHONDONTWRITEBYTECODE"] = ""
        os.chdir(Path(__file__).parents[1])
        os.execv(sys.executable, [sys.executable, "-c", code])
    try:
        yield Terminal(pid, fd)
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(fd)
