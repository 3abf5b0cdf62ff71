"""Nothing keeps the event loop from the next key: not thousands of runs, nor a change of many, a long curve or a long log."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from engine.registry.records import Metric
from scalearn_tui.dashboard.screens.log import LogScreen
from scalearn_tui.dashboard.widgets.chart import Chart
from scalearn_tui.dashboard.widgets.log_view import LogView

RUNS, POINTS, LINES = 3000, 50_000, 300_000
LONGEST = 0.1
"""CPU seconds of one callback: 0.05 where nothing else runs, and up to twice that where a core's other thread is busy."""


@contextmanager
def watched(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fail if a callback of the event loop took long."""
    slow: list[str] = []
    run = asyncio.Handle._run

    def timed(handle: asyncio.Handle) -> None:
        before = time.thread_time()
        run(handle)
        if (took := time.thread_time() - before) > LONGEST:
            slow.append(f"{1000 * took:.0f} ms: {handle!r}")

    # What the tests before have left is none of the dashboard's garbage to look through.
    gc.collect()
    gc.freeze()
    monkeypatch.setattr(asyncio.Handle, "_run", timed)
    try:
        yield
    finally:
        monkeypatch.undo()
        gc.unfreeze()
    assert slow == []


@pytest.fixture
def many(store, make_run, train):
    """Thousands of runs; the newest trains, has a long curve and a long log."""
    first = make_run(0)
    runs = [replace(first, id=f"{number:010x}", fingerprint=f"{number:064x}", seed=number) for number in range(1, RUNS)]
    newest = make_run(1)
    store.add([*runs, newest], [])
    attempt = train(store, newest)
    curve = [Metric(newest.id, "train/loss", step, 1 / (1 + step % 97), 0.0, attempt) for step in range(POINTS)]
    store.progress(newest.id, attempt, curve, step=POINTS)
    return runs, newest, attempt


async def test_no_callback_takes_long(dashboard, many, store, home, write_log, until, monkeypatch) -> None:
    runs, newest, attempt = many
    write_log(home, newest, "a line as long as those that workers write\n" * LINES)
    async with dashboard((120, 40)) as (app, pilot):
        await until(pilot, lambda: app.screen.query(Chart) and app.screen.query_one(Chart).visible)
        await until(pilot, lambda: app.screen.query_one(LogView).text_lines)
        with watched(monkeypatch):
            for key in ("j", "j", "k", "k", "s", "S", "end", "home"):
                await pilot.press(key)
            point = Metric(newest.id, "train/loss", POINTS, 0.5, 0.0, attempt)
            await asyncio.to_thread(store.progress, newest.id, attempt, [point], step=POINTS + 1)
            await until(pilot, lambda: app.services.index.get(newest.id).step == POINTS + 1)
            await asyncio.to_thread(store.request_stop, [run.id for run in runs[:1000]])
            await until(pilot, lambda: app.services.index.counts().get("stopped") == 1000)
            await pilot.press("slash", *"seed<1000", "enter")
            await until(pilot, lambda: app.services.index.shown() == 1000)
            await pilot.press("escape")
            await until(pilot, lambda: app.services.index.shown() == RUNS)


async def test_no_callback_takes_long_in_a_long_log(dashboard, many, home, write_log, until, monkeypatch) -> None:
    _, newest, _ = many
    write_log(home, newest, "a line as long as those that workers write\n" * LINES + "the end\n")
    async with dashboard((120, 40)) as (app, pilot):
        await pilot.press("l")
        await until(pilot, lambda: isinstance(app.screen, LogScreen) and app.screen.query_one(LogView).text_lines)
        with watched(monkeypatch):
            view = app.screen.query_one(LogView)
            await pilot.press("g")
            await until(pilot, lambda: view.position.startswith("line 1 "))
            await pilot.press("w", "G")
            await until(pilot, lambda: view.text_lines[-1:] == ["the end"])
