"""What every screen looks like, busy at three sizes, empty and broken: texts in ``snapshots``.

A text that differs is written beside the old one, as ``NAME.new``: look at it, and rename it if it is right.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from engine.files.home import Home
from scalearn_tui.dashboard.app import Dashboard
from tests.dashboard.conftest import settled, until

SNAPSHOTS = Path(__file__).parent / "snapshots"
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
VARYING = (
    (r"as of \d[\d: -]*\d", "as of DATE"),
    (r"\b\d\d:\d\d:\d\d\b", "HH:MM:SS"),
)
"""What says when or where a test ran, and what stands for it."""


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
