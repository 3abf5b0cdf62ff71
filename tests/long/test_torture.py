"""Two hundred short runs whose processes are killed all the time, while two commands and a dashboard watch."""

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
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from engine.files.home import Home
from engine.registry.store import open_store
from tests.long.comparison import assert_same_runs, assert_sound, environment, scalearn, train
from tests.long.storm import SCALEARN, Storm, processes

BUDGET = ["--epochs", "2", "--limit", "train=32", "--limit", "dev=16", "--limit", "test=16"]
REQUESTS = [
    ["-m", "adapter", "-t", "toy/sentiment,toy/question,toy/topics", "--seed", "0-49"],
    ["-m", "scalearn++", "-t", "toy/claim", "--sources", "sentiment,question", "--seed", "0-49"],
]
RUNS, KILLS = 200, 50
DASHBOARD = [sys.executable, "-c", "from scalearn_tui.dashboard.app import main; main()"]
SCREEN = struct.pack("HHHH", 40, 120, 0, 0)


class Torture(Storm):
    """Nothing but kills, spread over the time that the runs take."""

    def acts(self) -> list[Callable[[], bool]]:
        return self.kills()

    @property
    def killed(self) -> int:
        return sum(self.counts.values())


def test_every_run_is_completed_exactly_once(
    homes: tuple[Home, Home], tiny_backbone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    undisturbed, tortured = homes
    requests = [[*request, *BUDGET, "-b", str(tiny_backbone)] for request in REQUESTS]
    began = time.monotonic()
    train(undisturbed, requests)
    calm_seconds = time.monotonic() - began
    monkeypatch.setenv("SCALEARN_HOME", str(tortured.root))
    for request in requests:
        scalearn(tortured, "run", *request, "--detach")
    seed = os.environ.get("STORM_SEED") or str(random.randrange(10**6))
    # A storm waits for 0.38 of its pace between two acts on average.
    torture = Torture(tortured, calm_seconds / (0.38 * 1.6 * KILLS), seed)
    began = time.monotonic()
    with attached(tortured, requests):
        torture.rage()
    minutes = (time.monotonic() - began) / 60
    assert torture.killed >= KILLS
    assert processes(tortured) == []
    calm, wild = open_store(undisturbed), open_store(tortured)
    assert len(wild.runs()) == RUNS
    points = assert_same_runs(calm, wild)
    assert_sound(wild)
    kills = ", ".join(f"{kind.removeprefix('kill ')} {count}" for kind, count in sorted(torture.counts.items()))
    print(f"seed {seed}: {RUNS} runs, {points} points equal, {torture.killed} kills ({kills}) in {minutes:.1f} minutes")


@contextmanager
def attached(home: Home, requests: list[list[str]]) -> Iterator[None]:
    """Two commands that follow all runs and a dashboard; none may crash, and the dashboard ends when it is told to."""
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
