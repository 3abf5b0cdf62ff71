"""Makes the pictures of the dashboard from the committed bundle of runs: ``python docs/screens.py`` from the root.

They are the app's own export of what it shows; nothing is drawn by hand.
"""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from engine.files.home import Home
from scalearn_tui.dashboard.app import Dashboard

DOCS = Path(__file__).resolve().parent
BUNDLE = DOCS / "results" / "results.zip"
SCREENS: dict[str, tuple[tuple[int, int], Sequence[str]]] = {
    "runs": ((150, 36), ("s", "s", "s", "s", "s", "s", "s")),
    "groups": ((110, 24), ("g", "enter")),
    "run": ((130, 36), ("enter",)),
    "board": ((150, 24), ("2",)),
    "sweeps": ((130, 40), ("3", "enter")),
    "compare": ((130, 34), ("g", "space", "space", "space", "6")),
    "transfer": ((110, 32), ("g", "down", "7", "down", "right", "right")),
}
"""Size in cells, and the keys that lead there."""
SETTLED = 3.0
"""Seconds after each key."""


async def picture(home: Home, size: tuple[int, int], keys: Sequence[str]) -> str:
    app = Dashboard(home, launch=lambda _: None)
    async with app.run_test(size=size) as pilot:
        while not app.services.is_read:
            await pilot.pause(0.05)
        for key in ("", *keys):
            if key:
                await pilot.press(key)
            await pilot.pause(SETTLED)
        return app.export_screenshot(title="scalearn-tui")


def same_ids(svg: str) -> str:
    """Class names that do not change from one export to the next."""
    return re.sub(r"terminal-\d+", "terminal", svg)


def main() -> None:
    with TemporaryDirectory() as folder:
        os.environ["SCALEARN_HOME"] = folder
        subprocess.run([sys.executable, "-m", "scalearn_tui", "import", str(BUNDLE)], check=True, stdout=subprocess.DEVNULL)
        for name, (size, keys) in SCREENS.items():
            svg = asyncio.run(picture(Home(Path(folder)), size, keys))
            target = DOCS / "screens" / f"{name}.svg"
            target.parent.mkdir(exist_ok=True)
            target.write_text(same_ids(svg), encoding="utf-8")


if __name__ == "__main__":
    main()
