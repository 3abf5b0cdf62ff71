"""One picture of the dashboard as text, for a log: ``scalearn-tui --once``."""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from typing import TYPE_CHECKING

from textual.app import App

if TYPE_CHECKING:
    from scalearn_tui.dashboard.services import Services

PATIENCE = 20.0
"""Seconds that the registry may take."""
SETTLED = 0.5
"""Seconds for the run at hand to be read and drawn."""


def size(text: str) -> tuple[int, int]:
    """``120x40``. Raises argparse's error for anything else."""
    width, _, height = text.partition("x")
    if not (width.isdecimal() and height.isdecimal() and 1 <= int(width) <= 1000 and 1 <= int(height) <= 1000):
        raise argparse.ArgumentTypeError(f"{text!r} is no size; write it as in 120x40")
    return int(width), int(height)


def print_once(app: App[int], services: Services, size: tuple[int, int]) -> int:
    """Print the screen as it is when the registry has been read; the exit code: 1 where it could not be."""
    lines, code = asyncio.run(_lines(app, services, size))
    encoding = sys.stdout.encoding or "ascii"
    print("\n".join(lines).encode(encoding, "replace").decode(encoding))
    return code


async def _lines(app: App[int], services: Services, size: tuple[int, int]) -> tuple[list[str], int]:
    async with app.run_test(size=size) as pilot:
        began = time.monotonic()
        while not (services.is_read or services.trouble) and time.monotonic() < began + PATIENCE:
            await pilot.pause(0.02)
        await pilot.pause(SETTLED)
        drawn = app.screen._compositor.render_strips()
        lines = ["".join(segment.text for segment in strip).rstrip() for strip in drawn]
    return lines, 0 if services.is_read else 1
