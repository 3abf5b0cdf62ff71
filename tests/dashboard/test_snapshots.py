"""What every screen looks like, busy at three sizes, empty and broken: texts in ``snapshots``.

A text that differs is written beside the old one, as ``NAME.new``: look at it, and rename it if it is right.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from engine.files.home import Home
from engine.registry.records import RunState
from engine.registry.store import Store, open_store
from scalearn_tui.dashboard.app import Dashboard
from tests.dashboard.conftest import make_run, screen_text, train, until, write_log
from tests.docs.pages import ROOT

SNAPSHOTS = Path(__file__).parent / "snapshots"
RUNS = ROOT / "docs" / "results" / "shots.zip"
BUSY: dict[str, Sequence[str]] = {
    "runs": (), "help": ("question_mark",), "menu": ("escape", "x"), "stop": ("escape", "T"), "form": ("escape", "n"),
    "run": ("escape", "end", "enter"), "log": ("l",), "groups": ("q", "q", "home", "g"),
    "compare": ("space", "j", "space", "6"),
    "transfer": ("7",), "board": ("q", "2"), "sweeps": ("3",), "queue": ("4",),
}  # fmt: skip
"""The keys that lead from each screen to the next one."""
EMPTY: dict[str, Sequence[str]] = {
    "runs": (), "board": ("2",), "sweeps": ("3",), "queue": ("4",), "compare": ("6",), "transfer": ("7",),
}  # fmt: skip
RESTING = 0.5
"""Seconds without a change after which a screen has all that it shows."""
VARYING = (
    (r"as of \d[\d: -]*\d", "as of DATE"),
    (r"\b\d\d:\d\d:\d\d\b", "HH:MM:SS"),
)
"""What says when or where a test ran, and what stands for it."""


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the committed runs of few rows, of one task: a screen has room for them and for runs in other states."""
    root = tmp_path_factory.mktemp("imported") / "home"
    for arguments in (["import", str(RUNS)], ["delete", "--yes", "shots:32", "target:glue/stsb"]):
        command = [sys.executable, "-m", "scalearn_tui", *arguments]
        subprocess.run(command, env=os.environ | {"SCALEARN_HOME": str(root)}, check=True, stdout=subprocess.DEVNULL)
    return root


@pytest.fixture
def busy(imported: Path, tmp_path: Path) -> Home:
    """Those runs, and one of every other state."""
    home = Home(tmp_path / "home")
    shutil.copytree(imported, home.root)
    store = open_store(home)
    running, failed, lost, stopped, queued = runs = [make_run(number, "scalearn++", seed=number) for number in range(1, 6)]
    store.add(runs, [])
    train(store, running)
    write_log(home, running, "".join(f"line {number} of the log\n" for number in range(60)))
    end(store, failed, RunState.FAILED, "CUDA out of memory: tried to allocate 512 MiB")
    end(store, lost, RunState.LOST, "its process is gone")
    end(store, stopped, RunState.STOPPED, None)
    store.tag([queued.id], ["überprüfen", "实验"])
    return home


def end(store: Store, run: object, state: RunState, cause: str | None) -> None:
    store.finish(run.id, train(store, run), state, cause=cause)  # type: ignore[attr-defined]


async def settled(pilot, app) -> str:
    """The screen once it rests."""
    text, rested = screen_text(app), 0.0
    while rested < RESTING:
        await pilot.pause(0.1)
        now = screen_text(app)
        text, rested = now, rested + 0.1 if now == text else 0.0
    return text


def plain(text: str) -> str:
    for pattern, replacement in VARYING:
        text = re.sub(pattern, replacement, text, flags=re.MULTILINE)
    return "\n".join(line.rstrip() for line in text.splitlines()).rstrip() + "\n"


def differs(name: str, text: str) -> bool:
    path = SNAPSHOTS / f"{name}.txt"
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return False
    path.with_suffix(".new").write_text(text, encoding="utf-8")
    return True


async def visited(home: Home, size: tuple[int, int], screens: dict[str, Sequence[str]], kind: str) -> list[str]:
    """The names of the texts that differ."""
    app = Dashboard(home, launch=lambda _: None)
    different = []
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: app.services.is_read or app.services.trouble)
        for screen, keys in screens.items():
            for key in keys:
                await pilot.press(key)
                await pilot.pause(0.2)
            name = f"{kind}-{size[0]}x{size[1]}-{screen}"
            if differs(name, plain(await settled(pilot, app))):
                different.append(name)
    return different


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 50)], ids=lambda size: f"{size[0]}x{size[1]}")
async def test_busy(busy: Home, size: tuple[int, int]) -> None:
    assert await visited(busy, size, BUSY, "busy") == []


async def test_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert await visited(Home(Path("home")), (80, 24), EMPTY, "empty") == []


async def test_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    home = Home(Path("home"))
    home.make()
    home.database.write_bytes(b"no database" * 1000)
    assert await visited(home, (80, 24), EMPTY, "broken") == []
