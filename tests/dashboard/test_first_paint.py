"""The dashboard paints before it opens the registry, and never loads what trains."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

SCRIPT = """
import asyncio, json, sys, time
from pathlib import Path
from engine.files.home import Home
from scalearn_tui.dashboard.app import Dashboard

home = Home(Path(sys.argv[1]))
app = Dashboard(home, launch=lambda home: None)
seen = {}

async def main():
    original = app.services.poller.start
    def opening():
        strips = app.screen._compositor.render_strips()
        seen["first"] = "".join(segment.text for strip in strips for segment in strip)
        seen["before"] = sorted({"sqlmodel", "sqlalchemy", "pydantic"} & set(sys.modules))
        original()
    app.services.poller.start = opening
    async with app.run_test(size=(120, 40)) as pilot:
        while app.services.reader is None:
            await pilot.pause(0.05)
        seen["listed"] = sorted({"sqlmodel", "sqlalchemy", "pydantic"} & set(sys.modules))
        await pilot.press("slash", *"epochs:12", "enter")
        await pilot.pause(0.5)
        await pilot.press("3")
        await pilot.pause(0.5)
        seen["reading"] = sorted({"sqlmodel", "sqlalchemy"} & set(sys.modules))
        await pilot.press("1", "n")
        await pilot.pause(0.5)
        await pilot.press("escape")
    seen["heavy"] = sorted({"torch", "transformers", "datasets", "tokenizers", "pyarrow", "numpy"} & set(sys.modules))
    print(json.dumps(seen))

asyncio.run(main())
"""


def test_paints_first_and_stays_light(tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-c", SCRIPT, str(tmp_path)], cwd=root, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert "scalearn" in seen["first"] and "reading the registry" in seen["first"]
    assert seen["before"] == seen["listed"] == seen["reading"] == []
    assert not {"torch", "transformers", "datasets", "tokenizers", "pyarrow"} & set(seen["heavy"])


def test_says_so_without_a_terminal() -> None:
    command = [sys.executable, "-m", "scalearn_tui.dashboard"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, stdin=subprocess.DEVNULL)
    assert done.returncode == 2
    assert done.stdout == "" and "needs a terminal" in done.stderr
