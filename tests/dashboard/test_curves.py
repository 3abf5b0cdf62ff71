"""Curves, the braille canvas and the axes."""

from __future__ import annotations

import pytest

from engine.reports.figures.raster import round_steps
from scalearn_tui.dashboard.curve import LIMIT, Curve
from scalearn_tui.dashboard.widgets.braille import Canvas, value_range
from scalearn_tui.dashboard.widgets.chart import Chart, Line


def curve(*values: float) -> Curve:
    made = Curve()
    made.extend(enumerate(values))
    return made


def dots(canvas: Canvas) -> set[tuple[int, int]]:
    from engine.reports.figures.raster import DOTS

    return {
        (x * 2 + dx, y * 4 + dy)
        for y in range(canvas.height) for x in range(canvas.width) for dx in range(2) for dy in range(4)
        if canvas.bits[y][x] & DOTS[dx][dy]
    }  # fmt: skip


def test_long_curves_keep_their_spikes_in_little_memory() -> None:
    made = Curve()
    made.extend((step, 100.0 if step == 77_777 else step % 10) for step in range(100_000))
    assert len(made) == 100_000 and len(made.stretches) <= LIMIT
    assert max(stretch.high for stretch in made.stretches) == 100.0
    assert made.newest == 99_999 and made.stretches[0].start == 0
    assert all(left.end < right.start for left, right in zip(made.stretches, made.stretches[1:], strict=False))
    spike = next(stretch for stretch in made.stretches if stretch.high == 100.0)
    assert spike.start <= 77_777 <= spike.end


def test_appending_in_parts_equals_at_once() -> None:
    whole, parts = Curve(), Curve()
    points = [(step, float(step * 7 % 13)) for step in range(9_001)]
    whole.extend(points)
    for start in range(0, len(points), 250):
        parts.extend(points[start : start + 250])
    assert parts.stretches == whole.stretches


def test_canvas_connects_points() -> None:
    canvas = Canvas(10, 5)
    canvas.curve(curve(0.0, 1.0).stretches, (0, 1), (0.0, 1.0), 0)
    drawn = dots(canvas)
    assert (0, 19) in drawn and (19, 0) in drawn
    assert {x for x, _ in drawn} == set(range(20)), "no column is empty"


def test_canvas_keeps_within_its_bounds() -> None:
    canvas = Canvas(4, 2)
    canvas.curve(curve(-5.0, 9.0, 0.5).stretches, (0, 2), (0.0, 1.0), 0)
    assert all(0 <= x < 8 and 0 <= y < 8 for x, y in dots(canvas))


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (0.17, 0.71), (99.0, 101.0), (0.0, 2000.0), (1e-6, 3e-6)])
def test_round_steps(low: float, high: float) -> None:
    steps = round_steps(low, high, 4)
    assert 2 <= len(steps) <= 6
    assert all(low - 1e-9 <= step <= high + 1e-9 for step in steps)


def test_flat_curves_have_a_range() -> None:
    low, high = value_range([curve(0.5, 0.5).stretches])
    assert low < 0.5 < high


class FixedChart(Chart):
    """A chart outside any app."""


def drawn(*lines: Line, width: int = 40, height: int = 12) -> list[str]:
    chart = FixedChart()
    chart.lines, chart.title = lines, "loss"
    return ["".join(text for text, _ in parts) for parts in chart._draw(width, height)]


def test_chart_lines_fill_the_size() -> None:
    rows = drawn(Line("train", tuple(curve(*(1 / (1 + n) for n in range(200))).stretches)))
    assert len(rows) == 12
    assert all(len(row) <= 40 for row in rows)
    assert rows[0].startswith("loss  ─ train 0.005")
    assert any(row.startswith("0.5┤") for row in rows)
    assert "step" in rows[-1] and "┴" in rows[-2] and "100" in rows[-1]


def test_few_points_are_marked_and_curves_differ_in_shape() -> None:
    many = Line("train", tuple(curve(*(1.0 - n / 300 for n in range(200))).stretches))
    few = Curve()
    few.extend([(50, 0.9), (100, 0.8), (150, 0.85)])
    rows = drawn(many, Line("dev", tuple(few.stretches)))
    assert "".join(rows[1:]).count("◆") == 3


def test_small_or_empty_charts_say_so() -> None:
    assert "no points yet" in drawn()[1]
    assert drawn(Line("train", tuple(curve(1.0, 2.0).stretches)), width=10, height=3)[0] == "loss"
