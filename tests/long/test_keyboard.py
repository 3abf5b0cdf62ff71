"""At the keyboard of a real terminal, with real workers: launch, watch, stop, resume, queue the missing, compare, export."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.files.home import Home
from engine.registry.opening import open_reader
from engine.registry.records import Run, RunState
from tests.plans.requests import needs_minilm

pytestmark = [needs_minilm, pytest.mark.skipif(not shutil.which("tmux"), reason="tmux is not installed")]
PATIENCE = 180.0
"""Seconds for anything to appear; runs take seconds, and a slow machine a few times as many."""


class Terminal:
    """A window of tmux: keys go in, lines come out."""

    def __init__(self, folder: Path, home: Home) -> None:
        self._tmux = ["tmux", "-S", str(folder / "socket")]
        variables = os.environ | {"SCALEARN_HOME": str(home.root), "OMP_NUM_THREADS": "1", "LANG": "C.UTF-8"}
        program = f"{sys.executable} -m scalearn_tui.dashboard"
        size = ["-x", "140", "-y", "40"]
        subprocess.run([*self._tmux, "-u", "new-session", "-d", *size, program], env=variables, cwd=folder, check=True)

    def press(self, *keys: str) -> None:
        """Keys by the names that tmux has for them; other words are typed."""
        for key in keys:
            subprocess.run([*self._tmux, "send-keys", key], check=True)
            time.sleep(0.1)

    def text(self) -> str:
        return subprocess.run([*self._tmux, "capture-pane", "-p"], capture_output=True, text=True, check=True).stdout

    def wait(self, *texts: str) -> None:
        """Until the window shows all of them."""
        until(lambda: all(text in self.text() for text in texts), lambda: f"{texts} in\n{self.text()}")

    def close(self) -> None:
        subprocess.run([*self._tmux, "kill-server"], capture_output=True)


def until(condition: Callable[[], object], what: Callable[[], str]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, f"waited in vain for {what()}"
        time.sleep(0.2)


@pytest.fixture
def terminal(tmp_path: Path, home: Home) -> Iterator[Terminal]:
    window = Terminal(tmp_path, home)
    try:
        yield window
    finally:
        window.close()


def test_from_the_form_to_the_file(terminal: Terminal, home: Home, tmp_path: Path) -> None:
    def runs() -> list[Run]:
        return open_reader(home).runs()

    def state(run_id: str) -> RunState:
        return open_reader(home).find(run_id).state

    def are(expected: RunState, run_id: str) -> None:
        until(lambda: state(run_id) is expected, lambda: f"{run_id} to be {expected}, not {state(run_id)}:\n{terminal.text()}")

    def ask(method: str, targets: str, seeds: str, epochs: str, settings: str = "") -> None:
        """Fill the form and queue what it plans."""
        terminal.press("n")
        terminal.wait("New run", "Queue")
        for typed in (method, targets, "", "minilm", "", seeds, "", settings, "train=64", epochs):
            terminal.press(*filter(None, [typed, "Tab"]))
        terminal.wait(f"--epochs {epochs}", " new", "on one device")
        terminal.press("Tab", "Enter")

    terminal.wait("No runs yet")
    ask("adapter", "toy/sentiment,toy/topics", "0-1", "2")
    until(lambda: len(runs()) == 4, lambda: f"four runs:\n{terminal.text()}")
    for run in runs():
        are(RunState.COMPLETED, run.id)
    terminal.wait("✓ 4")

    ask("lora", "toy/sentiment", "0", "400", "patience=400")
    until(lambda: len(runs()) == 5, lambda: f"a fifth run:\n{terminal.text()}")
    [long] = [run for run in runs() if run.method == "lora"]
    are(RunState.RUNNING, long.id)
    until(lambda: open_reader(home).find(long.id).epoch > 0, lambda: f"an epoch:\n{terminal.text()}")
    terminal.press("Home")
    terminal.wait("● 1", "epoch")
    terminal.press("T")
    terminal.wait(f"Stop {long.id[:7]}?")
    terminal.press("y")
    are(RunState.STOPPED, long.id)
    terminal.wait("■ 1")
    terminal.press("/", "state:stopped", "Enter")
    terminal.wait("1 of 5")
    terminal.press("R")
    are(RunState.RUNNING, long.id)
    terminal.press("Escape")
    terminal.wait("5 runs", "● 1")
    terminal.press("Home", "T")
    terminal.wait(f"Stop {long.id[:7]}?")
    terminal.press("y")
    are(RunState.STOPPED, long.id)
    terminal.wait("■ 1")
    terminal.press("D")
    terminal.wait(f"Delete {long.id[:7]}?")
    terminal.press("y")
    until(lambda: len(runs()) == 4, lambda: f"a run to be deleted:\n{terminal.text()}")

    ask("lora", "toy/sentiment", "0", "2")
    until(lambda: len(runs()) == 5, lambda: f"another fifth run:\n{terminal.text()}")
    for run in runs():
        are(RunState.COMPLETED, run.id)
    terminal.press("2")
    terminal.wait("LoRA", "avg")
    terminal.press("j", "Right", "Enter")
    terminal.wait("New run", " new", "on one device")
    terminal.press(*["Tab"] * 11, "Enter")
    until(lambda: len(runs()) == 6, lambda: f"the missing cell to be queued:\n{terminal.text()}")
    [missing] = [run for run in runs() if run.method == "lora" and run.target == "toy/topics"]
    are(RunState.COMPLETED, missing.id)

    terminal.press("1", "g")
    terminal.wait("4 groups")
    terminal.press("Space", "j", "Space", "d")
    terminal.wait("paired test", "scalearn compare")
    terminal.press("2")
    terminal.wait("Adapter", "avg")
    terminal.press("w")
    terminal.wait("Write the leaderboard")
    terminal.press("C-u", "table.md", "Enter")
    until((tmp_path / "table.md").is_file, lambda: f"table.md beside {os.listdir(tmp_path)}:\n{terminal.text()}")
    assert "| Adapter |" in (tmp_path / "table.md").read_text()

    terminal.press("1", "q")
    until(lambda: "scalearn" not in terminal_or_nothing(terminal), lambda: "the dashboard to end")


def terminal_or_nothing(terminal: Terminal) -> str:
    """What the window shows; nothing once its program has ended, and the window with it."""
    try:
        return terminal.text()
    except subprocess.CalledProcessError:
        return ""
