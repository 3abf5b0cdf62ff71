"""What the keys of a chart do, and when it is drawn."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from textual.app import ComposeResult
from textual.pilot import Pilot
from textual.widgets import Static

from scalearn_tui.dashboard.background import BackgroundApp
from scalearn_tui.dashboard.charts.series import Reading, Series
from scalearn_tui.dashboard.curve import Points
from scalearn_tui.dashboard.widgets.chart import Chart
from tests.dashboard.test_chart_drawing import FALLING, UNITS, points

Asked = tuple[float, float]


class ChartApp(BackgroundApp):
    """One chart, and something else to focus."""

    CSS = "Chart { height: 1fr; } Static { height: 5; }"

    def compose(self) -> ComposeResult:
        yield Static("beside")
        yield Chart(self.background)

    def shown(self) -> str:
        strips = self.screen._compositor.render_strips()
        return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips)


@asynccontextmanager
async def charted(*series: Series, size: tuple[int, int] = (60, 20)) -> AsyncIterator[tuple[ChartApp, Chart, Pilot[int]]]:
    app = ChartApp()
    async with app.run_test(size=size) as pilot:
        chart = app.query_one(Chart)
        chart.show("loss", series)
        chart.focus()
        await pilot.pause()
        yield app, chart, pilot


async def test_zoom_pan_and_back() -> None:
    async with charted(FALLING) as (app, chart, pilot):
        whole = app.shown()
        await pilot.press("left", "minus", "0")
        assert chart.view.window is None and app.shown() == whole
        await pilot.press("plus")
        assert chart.view.window == (7.5, 22.5)
        await pilot.press("right")
        assert chart.view.window == (11.25, 26.25)
        await pilot.press("right", "right", "right")
        assert chart.view.window == (15.0, 30.0), "it ends with the curve"
        await pilot.press(*["left"] * 9)
        assert chart.view.window == (0.0, 15.0)
        await pilot.press(*["plus"] * 9)
        left, right = chart.view.window
        assert right - left == 4.0
        await pilot.press(*["minus"] * 3)
        assert chart.view.window is None
        await pilot.press("equals_sign", "0")
        await pilot.pause()
        assert app.shown() == whole


async def test_crosshair() -> None:
    other = Series("train", points([5, 15], [2.0, 1.0]), per_step=UNITS)
    async with charted(FALLING, other) as (app, chart, pilot):
        assert "│" not in app.shown().splitlines()[10][8:]
        await pilot.press("i")
        await pilot.pause()
        text = app.shown()
        assert chart.crosshair == 30 and "step 30" in text and "dev 0.2 " in text and "train 1\n" in text
        assert sum("│" in line[8:] for line in text.splitlines()) >= 8
        expected = ((20, "0.25", "1"), (15, "0.5", "1"), (10, "0.5", "2"), (5, "1", "2"), (0, "1", "–"), (0, "1", "–"))
        for step, dev, train in expected:
            await pilot.press("left")
            await pilot.pause()
            assert f"step {step}  • dev {dev.ljust(7)}  ◆ train {train}" in app.shown()
        await pilot.press("right", "plus")
        assert chart.crosshair == 5 and chart.view.window == (0.0, 15.0), "it zooms around the crosshair"
        await pilot.press("i")
        await pilot.pause()
        assert chart.crosshair is None and "step 5" not in app.shown()


async def test_the_mouse_points_as_the_crosshair_does() -> None:
    async with charted(FALLING) as (app, chart, pilot):
        await pilot.hover(Chart, offset=(22, 6))
        await pilot.pause()
        assert "step 10" in app.shown() and "dev 0.5" in app.shown() and chart.crosshair is None
        await pilot.hover(Static)
        await pilot.pause()
        assert "step 10" not in app.shown()


async def test_smoothing_logarithm_axis_and_values() -> None:
    with_zero = Series("dev", points([0, 10, 20], [0.0, 0.5, 0.25]), per_step=UNITS)
    async with charted(with_zero) as (app, chart, pilot):
        await pilot.press("comma", "full_stop", "full_stop")
        await pilot.pause()
        assert chart.view.smoothing == 0.6 and "smoothed 0.6" in app.shown()
        await pilot.press("comma", "comma", "comma", "Y")
        await pilot.pause()
        assert "loss log, values ≤ 0 left out" in app.shown() and "smoothed" not in app.shown()
        await pilot.press("Y", "X")
        await pilot.pause()
        assert "epoch" in app.shown() and "log" not in app.shown()
        await pilot.press("plus", "X")
        await pilot.pause()
        assert chart.view.window == (30.0, 90.0) and "seconds" in app.shown()
        await pilot.press("X", "v")
        await pilot.pause()
        assert chart.view.window == (5.0, 15.0) and "dev 0.5 ‥ 0.5 ‥ 0.5" in app.shown()
        await pilot.press("0")
        await pilot.pause()
        assert "dev 0 ‥ 0.25 ‥ 0.5" in app.shown()


async def test_an_unknown_axis_is_skipped() -> None:
    clocked = Series("cpu", points([5, 10], [90.0, 95.0]), per_step={"time": 1.0})
    async with charted(replace(FALLING, per_step={"step": 1.0, "time": 6.0})) as (app, chart, pilot):
        await pilot.press("X")
        assert chart.axis == "time"
        await pilot.press("X")
        assert chart.axis == "step"
        await pilot.press("plus")
        chart.show("load", [clocked])
        await pilot.pause()
        assert chart.axis == "time" and chart.view.window is None and "seconds" in app.shown()
        chart.show("loss", [FALLING])
        await pilot.pause()
        assert chart.axis == "step"


async def test_full_screen_and_back() -> None:
    async with charted(FALLING) as (app, chart, pilot):
        await pilot.press("f")
        await pilot.pause()
        assert "beside" not in app.shown() and chart.size.height > 15
        await pilot.press("i")
        assert chart.crosshair == 30
        await pilot.press("escape")
        await pilot.pause()
        assert "beside" in app.shown() and chart.size.height == 15 and chart.has_focus
        await pilot.press("f", "f")
        await pilot.pause()
        assert "beside" in app.shown()


async def test_nothing_is_drawn_without_a_change_and_many_changes_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[int] = []
    original = Chart._draw
    monkeypatch.setattr(Chart, "_draw", lambda self: drawn.append(1) or original(self))
    async with charted(FALLING) as (app, chart, pilot):
        drawn.clear()
        chart.show("loss", [replace(FALLING, per_step={**UNITS, "time": 7.0})])
        chart.show("loss", [FALLING])
        chart.action_whole()
        await pilot.pause()
        assert drawn == []
        for end in range(40, 90, 10):
            chart.show("loss", [replace(FALLING, points=points([0, end], [1.0, 0.5]))])
        await pilot.pause()
        assert len(drawn) == 1 and "80 step" in app.shown()


async def test_small_and_empty_charts_say_so() -> None:
    async with charted() as (app, chart, pilot):
        assert "no points yet" in app.shown()
        await pilot.press("plus", "left", "i", "X", "Y", "full_stop", "v", "0")
        chart.show("loss", [replace(FALLING, points=points([0], [0.0]))])
        await pilot.pause()
        assert "no value above 0" in app.shown()
        await pilot.press("Y")
        await pilot.resize_terminal(12, 20)
        await pilot.pause()
        assert "loss" in app.shown() and "┤" not in app.shown()


def reading_of(
    steps: Sequence[int], values: Sequence[float], asked: list[tuple[float, float]], gate: threading.Event
) -> Reading:
    def read(low: float, high: float) -> Points | None:
        assert gate.wait(8)
        asked.append((low, high))
        kept = [(step, value) for step, value in zip(steps, values, strict=True) if low <= step <= high]
        return points([step for step, _ in kept], [value for _, value in kept])

    return read


async def test_a_zoomed_range_is_read_at_full_resolution() -> None:
    steps, values = range(100_000), [float(step == 50_010) for step in range(100_000)]
    asked: list[Asked] = []
    gate = threading.Event()
    series = Series("train", points(steps, values), reading=reading_of(steps, values, asked, gate))
    async with charted(series) as (app, chart, pilot):
        await pilot.press("plus", "plus", "plus")
        await pilot.pause()
        assert "┤" in app.shown(), "the merged points stay until the others are there"
        await pilot.press(*["plus"] * 7)
        gate.set()
        left, right = chart.view.window
        while not asked or asked[-1] != (left - (right - left) / 2, right + (right - left) / 2):
            await asyncio.sleep(0.05)
        await pilot.pause(0.2)
        assert len(asked) == 2, "of the looks wanted meanwhile only the last is made"
        await pilot.press("i", "v")
        await pilot.pause()
        assert chart.crosshair == int(right), "single points again"
        await pilot.press("i", "right")
        await pilot.pause(0.2)
        assert len(asked) == 2, "a little further was read as well"
        await pilot.press("right", "right")
        while len(asked) == 2:
            await asyncio.sleep(0.05)
