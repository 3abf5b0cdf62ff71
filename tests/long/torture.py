"""Short runs whose processes are killed all the time, while commands and a dashboard watch."""

from __future__ import annotations

import fcntl
import os
import pty
import random
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from engine.files.home import Home
from engine.registry.store import Store, open_store
from tests.long.comparison import assert_same_runs, assert_sound, environment, scalearn, train
from tests.long.storm import SCALEARN, Storm, processes

BUDGET = ["--epochs", "2", "--limit", "train=32", "--limit", "dev=16", "--limit", "test=16"]
DASHBOARD = [sys.executable, "-m", "scalearn_tui.dashboard"]
LONGEST_IDLE = 60.0
"""Seconds after which no process is left, a supervisor and what it forks from included."""
SCREEN = struct.pack("HHHH", 40, 120, 0, 0)


class Torture(Storm):
    """Nothing but kills, spread over the time that the runs take."""

    def acts(self) -> list[Callable[[], bool]]:
        return self.kills()

    @property
    def killed(self) -> int:
        return sum(self.counts.values())


def torture(homes: tuple[Home, Home], requests: Sequence[Sequence[str]], kills: int) -> Store:
    """Train the same runs in both homes, in the second one under at least so many kills.

    Returns the registry of that one. Raises AssertionError where a run was not completed exactly once, with the same numbers.
    """
    undisturbed, tortured = homes
    asked = [[*request, *BUDGET] for request in requests]
    began = time.monotonic()
    train(undisturbed, asked)
    calm_seconds = time.monotonic() - began
    for request in asked:
        scalearn(tortured, "run", *request, "--detach")
    seed = os.environ.get("STORM_SEED") or str(random.randrange(10**6))
    # A storm waits for 0.38 of its pace between two acts on average, and every kill lets it last longer.
    trouble = Torture(tortured, calm_seconds / (0.38 * (kills + 4)), seed, most_acts=kills)
    began = time.monotonic()
    with attached(tortured, asked):
        trouble.rage()
    minutes = (time.monotonic() - began) / 60
    assert trouble.killed >= kills, trouble.counts
    # A command may have started a last supervisor before it saw that nothing was left to do.
    until = time.monotonic() + LONGEST_IDLE
    while processes(tortured) and time.monotonic() < until:
        time.sleep(0.5)
    assert processes(tortured) == []
    wild = open_store(tortured)
    points = assert_same_runs(open_store(undisturbed), wild)
    assert_sound(wild)
    by_kind = ", ".join(f"{kind.removeprefix('kill ')} {count}" for kind, count in sorted(trouble.counts.items()))
    print(
        f"seed {seed}: {wild.count()} runs, {points} points equal, {trouble.killed} kills ({by_kind}) in {minutes:.1f} minutes"
    )
    return wild


@contextmanager
def attached(home: Home, requests: Sequence[Sequence[str]]) -> Iterator[None]:
    """Commands that follow all runs and a dashboard; none may crash, and the dashboard ends when it is told to."""
    commands = [
        subprocess.Popen([*SCALEARN, "run", *request], env=environment(home), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        for request in requests
    ]
    with dashboard(home) as screen:
        yield
        assert screen.poll() is None
    for command in commands:
        # It ends when its runs have, which a kill may let happen before they are resumed.
        output = command.communicate(timeout=60)[0].decode()
        assert command.returncode in (0, 4) and "Traceback" not in output, output[-2000:]


@contextmanager
def dashboard(home: Home) -> Iterator[subprocess.Popen[bytes]]:
    terminal, screen = pty.openpty()
    fcntl.ioctl(screen, termios.TIOCSWINSZ, SCREEN)
    variables = environment(home, TERM="xterm-256color")
    process = subprocess.Popen(DASHBOARD, stdin=screen, stdout=screen, stderr=screen, env=variables, start_new_session=True)
    os.close(screen)
    written = bytearray()

    def read() -> None:
        try:
            while data := os.read(terminal, 65_536):
                # Of a screen that is drawn all the time, the end.
                written[:] = (bytes(written) + data)[-100_000:]
        except OSError:
            # The program that had the terminal has ended.
            return

    reading = threading.Thread(target=read)
    reading.start()
    try:
        yield process
        os.write(terminal, b"q")
        assert process.wait(timeout=30) == 0, written[-2000:]
        assert b"Traceback" not in written
    finally:
        process.kill()
        reading.join()
        os.close(terminal)
