"""Curves of any length in little memory, smoothing, and the columns of dots that points fall into."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pytest

from engine.reports.figures.raster import DOTS, round_steps
from scalearn_tui.dashboard.charts.canvas import Canvas
from scalearn_tui.dashboard.charts.columns import columns, moving_average, positive, smoothed
from scalearn_tui.dashboard.charts.scales import ValueAxis, ticks
from scalearn_tui.dashboard.charts.series import over_seeds
from scalearn_tui.dashboard.curve import LIMIT, Curve, Points


def points(*values: float, steps: Sequence[float] = ()) -> Points:
    made = Curve()
    made.extend(steps or range(len(values)), values)
    assert made.points is not None
    return made.points


def dots(canvas: Canvas) -> set[tuple[int, int]]:
    return {
        (x * 2 + dx, y * 4 + dy)
        for y in range(canvas.height) for x in range(canvas.width) for dx in range(2) for dy in range(4)
        if canvas.bits[y][x] & DOTS[dx][dy]
    }  # fmt: skip


def test_long_curves_keep_their_spikes_in_little_memory() -> None:
    made = Curve()
    made.extend(range(100_000), [100.0 if step == 77_777 else step % 10 for step in range(100_000)])
    kept = made.points
    assert kept is not None and len(made) == 100_000 and LIMIT / 2 < len(kept.steps) <= LIMIT
    assert max(kept.highs) == 100.0 and min(kept.lows) == 0.0
    assert made.newest == 99_999 and kept.newest == (99_999, 9.0) and kept.steps[0] == 0
    spike = kept.highs.index(100.0)
    assert kept.steps[spike] <= 77_777 < kept.steps[spike] + kept.each
    assert kept.means[0] == pytest.approx(sum(step % 10 for step in range(kept.each)) / kept.each)


def test_appending_in_parts_equals_at_once() -> None:
    steps, values = range(9_001), [float(step * 7 % 13) for step in range(9_001)]
    whole, parts = points(*values), Curve()
    for start in range(0, len(values), 251):
        parts.extend(steps[start : start + 251], values[start : start + 251])
    assert parts.points is not None and parts.points.each == whole.each
    assert (parts.points.steps, parts.points.lows, parts.points.highs) == (whole.steps, whole.lows, whole.highs)
    assert list(parts.points.means) == pytest.approx(list(whole.means))


def test_what_did_not_change_is_the_same_object() -> None:
    made = Curve()
    assert made.points is None
    made.extend([0], [1.0])
    before = made.points
    made.extend([], [])
    assert made.points is before
    made.extend([1], [2.0])
    assert made.points is not before and before is not None and list(before.means) == [1.0]


def test_smoothing_is_the_average_that_is_corrected_for_its_start() -> None:
    values, weight = [3.0, 1.0, 4.0, 1.0, 5.0, 9.0], 0.8
    for count, average in enumerate(moving_average(values, weight), 1):
        shares = [weight ** (count - 1 - at) for at in range(count)]
        expected = sum(share * value for share, value in zip(shares, values, strict=False)) / sum(shares)
        assert average == pytest.approx(expected)
    assert list(moving_average([2.0, 2.0, 2.0], 0.99)) == pytest.approx([2.0, 2.0, 2.0])


def test_columns_keep_what_lies_in_them_and_cross_the_edges_of_a_window() -> None:
    found = columns(points(0.0, 8.0, 2.0, 3.0), 0, 3, 3)
    assert [(one.x, one.low, one.mean, one.high, one.points) for one in found] == [
        (0, 0.0, 0.0, 0.0, 1), (1, 2.0, 5.0, 8.0, 2), (2, 3.0, 3.0, 3.0, 1),
    ]  # fmt: skip
    window = columns(points(0.0, 10.0, 20.0, steps=[0, 10, 20]), 5, 15, 11)
    assert [(one.x, one.mean, one.points) for one in window] == [(0, 5.0, 0), (5, 10.0, 1), (10, 15.0, 0)]
    between = columns(points(0.0, 10.0, steps=[0, 10]), 4, 6, 11)
    assert [(one.x, one.mean) for one in between] == [(0, 4.0), (10, 6.0)]
    assert columns(points(1.0, 2.0), 5, 9, 10) == []


def test_a_logarithmic_axis_keeps_the_positive_values() -> None:
    kept = positive(points(1.0, 0.0, -2.0, 4.0))
    assert kept is not None and list(kept.steps) == [0, 3] and list(kept.means) == [1.0, 4.0]
    assert positive(points(0.0, -1.0)) is None
    axis = ValueAxis.around(0.001, 10.0, 20, log=True)
    assert list(axis.labels().values()) == ["0.001", "0.01", "0.1", "1", "10"]
    rows = [axis.row(value) for value in (0.001, 0.01, 0.1, 1.0, 10.0)]
    assert len({above - below for above, below in pairwise(rows)}) <= 2, "a decade is as high as another"
    assert len(ValueAxis.around(0.31, 0.44, 20, log=True).labels()) >= 2


def test_the_band_of_seeds() -> None:
    seeds = [{0: 1.0, 10: 2.0, 20: 9.0}, {0: 3.0, 10: 2.0}]
    mean, band = over_seeds(seeds) or (None, None)
    assert mean and band and list(mean.steps) == [0, 10] and list(mean.means) == [2.0, 2.0]
    assert (list(band.lows), list(band.highs)) == ([1.0, 2.0], [3.0, 2.0])
    _, band = over_seeds(seeds, deviation=True) or (None, None)
    assert band and band.highs[0] == pytest.approx(2 + 2**0.5) and band.lows[0] == pytest.approx(2 - 2**0.5)
    assert over_seeds([]) is None and over_seeds([{0: 1.0}, {1: 1.0}]) is None


def test_canvas_connects_points() -> None:
    canvas = Canvas(10, 5)
    canvas.curve(columns(points(0.0, 1.0), 0, 1, 20), lambda value: round((1 - value) * 19), 0)
    drawn = dots(canvas)
    assert (0, 19) in drawn and (19, 0) in drawn
    assert {x for x, _ in drawn} == set(range(20)), "no column is empty"


def test_canvas_keeps_within_its_bounds() -> None:
    canvas = Canvas(4, 2)
    canvas.curve(columns(points(-5.0, 9.0, 0.5), 0, 2, 8), lambda value: round((1 - value) * 7), 0)
    assert all(0 <= x < 8 and 0 <= y < 8 for x, y in dots(canvas))


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (0.17, 0.71), (99.0, 101.0), (0.0, 2000.0), (1e-6, 3e-6)])
def test_round_steps(low: float, high: float) -> None:
    steps = round_steps(low, high, 4)
    assert 2 <= len(steps) <= 6
    assert all(low - 1e-9 <= step <= high + 1e-9 for step in steps)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.0, 1.0, ["0", "1"]),
        (1e-6, 3e-6, ["1e-06", "2e-06", "3e-06"]),
        (0.0, 4e5, ["0", "250k"]),
        (0.0, 2e20, ["0", "2e+20"]),
        (0.500001, 0.500003, ["0.500001", "0.500002", "0.500003"]),
    ],
)
def test_labels_are_short_and_told_apart(low: float, high: float, expected: list[str]) -> None:
    assert list(ValueAxis.around(low, high, 8).labels().values()) == expected


def test_ticks_are_told_apart_and_time_has_a_unit_that_fits() -> None:
    labels, unit = ticks("step", 36_912, 36_952, 60)
    assert len(set(labels.values())) == len(labels) and "36,920" in labels.values() and unit == "step"
    assert ticks("time", 0, 3 * 3600, 40) == ({0: "0", 13: "1", 26: "2", 39: "3"}, "hours")
    assert ticks("time", 0, 90, 40)[1] == "seconds"


def test_flat_curves_have_a_range() -> None:
    axis = ValueAxis.around(0.5, 0.5, 10)
    assert axis.low < 0.5 < axis.high


def test_smoothing_draws_a_line_without_the_spread_of_merged_points() -> None:
    noisy = points(*(float(step % 2) for step in range(5_000)))
    assert noisy.each > 1 and set(zip(noisy.lows, noisy.highs, strict=True)) == {(0.0, 1.0)}
    line = smoothed(noisy, 0.6)
    assert line.lows == line.means == line.highs and list(line.means) == pytest.approx([0.5] * len(line.means))
