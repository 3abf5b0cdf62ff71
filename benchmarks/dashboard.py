"""What the dashboard costs with 10,000 runs and 100,000 points, in CPU time, beside an empty Textual app in the same run.

    OMP_NUM_THREADS=1 python benchmarks/dashboard.py [--runs 10000] [--json]

Both run in a real terminal of 120x40 cells. Times are of the process, user and system.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import pty
import resource
import select
import signal
import struct
import sys
import termios
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from large_home import fill

from engine.files.home import Home
from engine.registry.records import LIVE, Metric, Run
from engine.registry.store import Store, open_store

EMPTY = "from textual.app import App; App().run()"
DASHBOARD = "from scalearn_tui.dashboard.app import main; main()"
LIVE_RUNS = 16
KEYS = 60
IDLE_SECONDS = 20.0
BARS = {
    "first_paint_ratio": 1.5, "content_cpu_ms": 500, "key_cpu_ms": 8, "changed_row_ms": 3, "idle_percent": 0.2,
    "live16_percent": 2, "rss_mib": 150,
}  # fmt: skip


@dataclass
class Terminal:
    """A program in a terminal of its own."""

    pid: int
    fd: int

    def cpu(self) -> float:
        """Seconds that it computed so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def read(self, quiet: float) -> bytes:
        """What it writes until it has been quiet for so many seconds."""
        output, end = b"", time.monotonic() + quiet
        while time.monotonic() < end:
            if select.select([self.fd], [], [], 0.01)[0]:
                output += os.read(self.fd, 1 << 16)
                end = time.monotonic() + quiet
        return output

    def read_until(self, text: bytes, patience: float = 60.0) -> None:
        """Read until it has written ``text``."""
        output, end = b"", time.monotonic() + patience
        while text not in output and time.monotonic() < end:
            if select.select([self.fd], [], [], 0.01)[0]:
                output += os.read(self.fd, 1 << 16)

    def resident(self) -> float:
        """MiB."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * resource.getpagesize() / 2**20


@contextmanager
def program(code: str, home: Home) -> Iterator[Terminal]:
    pid, fd = pty.fork()
    if pid == 0:
        os.environ.update(SCALEARN_HOME=str(home.root), TERM="xterm-256color", COLORTERM="truecolor")
        os.chdir(Path(__file__).parents[1])
        os.execv(sys.executable, [sys.executable, "-c", code])
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    try:
        yield Terminal(pid, fd)
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(fd)


def add_curves(store: Store, points: int) -> list[Run]:
    """Runs that are live, with curves of so many points in all; nothing trains them."""
    runs = store.runs(limit=LIVE_RUNS)
    store.delete([run.id for run in runs])
    for run in runs:
        run.state, run.version = type(run.state)("queued"), 0
    store.add(runs, [])
    for run in runs:
        attempt = store.claim(run.id, "local", "cpu:0")
        assert attempt is not None
        store.started(run.id, attempt, steps=points)
        each = points // LIVE_RUNS
        curve = [Metric(run.id, "train/loss", step, 1 / (1 + step), 0.0, attempt) for step in range(each)]
        store.progress(run.id, attempt, curve, step=each)
    return store.runs(states=LIVE)


def progress(store: Store, runs: list[Run], step: int) -> None:
    for run in runs:
        point = Metric(run.id, "train/loss", 10_000 + step, 0.5, 0.0, run.attempt)
        store.progress(run.id, run.attempt, [point], step=10_000 + step, loss=0.5, seconds=float(step))


def idle(terminal: Terminal, seconds: float = IDLE_SECONDS) -> float:
    """Percent of a core."""
    before, end = terminal.cpu(), time.monotonic() + seconds
    while time.monotonic() < end:
        if select.select([terminal.fd], [], [], 0.1)[0]:
            os.read(terminal.fd, 1 << 16)
    return 100 * (terminal.cpu() - before) / seconds


def measure(home: Home, runs: int) -> dict[str, float]:
    store = open_store(home)
    live = add_curves(store, 100_000)
    found: dict[str, float] = {}
    with program(EMPTY, home) as empty:
        empty.read_until(b"\x1b[?1049h")
        empty.read(1.0)
        painted, nothing = empty.cpu(), idle(empty)
    with program(DASHBOARD, home) as first:
        first.read_until(b"scalearn")
        found["first_paint_ratio"] = first.cpu() / painted
    with program(DASHBOARD, home) as terminal:
        terminal.read_until(f"{runs:,} runs".encode())
        found["content_cpu_ms"] = 1000 * terminal.cpu()
        terminal.read(3.0)
        before, written = terminal.cpu(), 0
        for _ in range(KEYS):
            os.write(terminal.fd, b"j")
            written += len(terminal.read(0.05))
        found["key_cpu_ms"] = 1000 * (terminal.cpu() - before) / KEYS
        found["key_bytes"] = written / KEYS
        terminal.read(3.0)
        found["idle_percent"] = max(0.0, idle(terminal) - nothing)
        # One row that is in view; the dashboard hears of it within a second.
        before = terminal.cpu()
        for step in range(10):
            progress(store, live[:1], step)
            terminal.read(1.5)
        each = (terminal.cpu() - before) / 10
        found["changed_row_ms"] = 1000 * max(0.0, each - found["idle_percent"] / 100 * 1.5)
        found["live16_percent"] = with_live_runs(terminal, store, live) - nothing
        found["rss_mib"] = terminal.resident()
    return found


def with_live_runs(terminal: Terminal, store: Store, live: list[Run]) -> float:
    done = threading.Event()

    def train() -> None:
        step = 100
        while not done.wait(1.0):
            progress(store, live, step := step + 1)

    trainer = threading.Thread(target=train)
    trainer.start()
    percent = idle(terminal)
    done.set()
    trainer.join()
    return percent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with TemporaryDirectory() as folder:
        home = Home(Path(folder) / "home")
        fill(home, options.runs)
        found = measure(home, options.runs)
    if options.json:
        print(json.dumps({name: round(found[name], 2) for name in BARS}))
        return
    for name, value in found.items():
        bar = f"  (at most {BARS[name]})" if name in BARS else ""
        print(f"{name}: {value:.2f}{bar}")


if __name__ == "__main__":
    main()
