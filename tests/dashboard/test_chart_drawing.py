"""What a chart draws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rich.cells import cell_len

from scalearn_tui.dashboard.charts.drawing import draw
from scalearn_tui.dashboard.charts.legend import legend
from scalearn_tui.dashboard.charts.looks import FAINT, MARKS, SERIES
from scalearn_tui.dashboard.charts.series import Series, View, over_seeds
from scalearn_tui.dashboard.curve import Curve, Points


def points(steps: Sequence[float], values: Sequence[float]) -> Points:
    made = Curve()
    made.extend(steps, values)
    assert made.points is not None
    return made.points


UNITS = {"step": 1.0, "epoch": 0.1, "time": 6.0}
FALLING = Series("dev", points([0, 10, 20, 30], [1, 0.5, 0.25, 0.2]), per_step=UNITS)


def picture(series: Sequence[Series], view: View | None = None, width: int = 30, height: int = 8) -> str:
    drawn = draw(series, view or View(), width, height)
    assert drawn is not None
    return "\n" + "\n".join("".join(text for text, _ in row).rstrip() for row in drawn.rows)


def test_a_curve() -> None:
    assert (
        picture([FALLING])
        == """
1.0┤•⣄
   │ ⠈⠙⢦⣀
   │    ⠈⠳⣄⡀
0.5┤       ⠙•⣄⣀
   │          ⠈⠙⠲⠤⣄⡀
   │               ⠉⠙•⠒⠒⠒⠲⠤⠤⠤•
   └┴────────────────┴────────
    0               20 step"""
    )


def test_a_logarithmic_axis() -> None:
    assert (
        picture([FALLING], View(log=True))
        == """
  1┤•⢤⣀
   │  ⠈⠙⠲⣄⡀
0.5┤      ⠉⠓•⣄⡀
   │          ⠉⠓⠦⣄
   │             ⠈⠙⠲⢤•⣀
0.2┤                  ⠈⠉⠉⠓⠒⠒⠦•
   └┴────────────────┴────────
    0               20 step"""
    )


def test_a_window_has_its_own_range_and_the_curve_goes_through_its_edges() -> None:
    assert (
        picture([FALLING], View(window=(10, 20)))
        == """
0.5┤•⠤⣄⡀
   │   ⠉⠓⠲⢤⣀⡀
0.4┤        ⠉⠓⠲⢤⣀⡀
   │             ⠉⠓⠦⢤⣀
0.3┤                 ⠈⠉⠓⠦⣄⣀
   │                      ⠈⠙⠒•
   └┴───────────┴────────────┴
    10         15      20 step"""
    )
    between = picture([FALLING], View(window=(12, 18)))
    assert "•" not in between and all(line[4:].strip() for line in between.splitlines()[1:])


def test_other_axes_show_the_same_curve_with_other_numbers() -> None:
    curve = picture([FALLING]).splitlines()[:-2]
    assert picture([FALLING], View(axis="epoch")).splitlines()[:-2] == curve
    assert picture([FALLING], View(axis="epoch")).endswith("2 epoch")
    assert picture([FALLING], View(axis="time")).endswith("2 minutes")


def test_a_band_lies_behind_its_mean() -> None:
    mean, band = over_seeds([{0: 0.0, 10: 8.0, 20: 10.0}, {0: 0.0, 10: 4.0, 20: 6.0}]) or (FALLING.points, None)
    assert (
        picture([Series("seeds", mean, band)])
        == """
10┤                   ⡀ ⡀⠄⡀⠄⡂⠄
  │            ⠄⡂⠄⡂⠅⡂⣀⣀⣀⣠⠤⠤⠤⠖•
  │         ⡀⢀⣠⠴•⠚⠉⠉⠉⠁⡂⠅⡂⠅⠂⠅⠂⠁
  │     ⡀⢀⣠⠴⠚⠉⡂⠅⠂⠅⠂⠁⠂⠁
  │  ⢀⣠⠴⠚⠉⠂⠁ ⠁
 0┤•⠚⠉ ⠁
  └┴────────────┴────────────┴
   0           10      20 step"""
    )


def test_smoothing_leaves_the_curve_faint_behind() -> None:
    noisy = Series("train", points(range(60), [float(step % 2) for step in range(60)]))
    assert (
        picture([noisy], View(smoothing=0.9))
        == """
1┤⢰⢰⢰⢰⢢⢢⢢⢢⢢⢢⢲⢰⢰⢰⢰⢰⢰⡆⡆⡆⡆⡆⡆⡆⡖⡔⡔⡔
 │⢸⢸⢸⢸⢸⢸⢸⢸⢸⢸⢸⢸⢸⢸⢸⢸⢸⡇⡇⡇⡇⡇⡇⡇⡇⡇⡇⡇
 │⢀⢀⢀⢀⡀⡀⡀⡀⡀⡀⣀⢀⢀⢀⢀⢀⢀⡀⡀⡀⡀⡀⡀⡀⣀⢀⢀⢀
 │⢸⡸⠜⠚⠘⠈⠈⠈⠈⠈⠈⠁⠁⠁⠁⠁⠁⠉⠈⠈⠈⠈⠈⠈⠁⠁⠁⠁
 │⢸⢸⢸⢸⢸⢸⢸⢸⢸⢸⢸⢸⢸⢸⢸⢸⢸⡇⡇⡇⡇⡇⡇⡇⡇⡇⡇⡇
0┤⠜⠜⠜⠼⠸⠸⠸⠸⠸⠸⠸⠜⠜⠜⠜⠜⠜⠧⠣⠣⠣⠣⠣⠣⠇⠇⠇⠇
 └┴──────────────────────┴────
  0                    50 step"""
    )
    drawn = draw([noisy], View(smoothing=0.9), 30, 8)
    assert drawn is not None
    looks = {look for row in drawn.rows for _, look in row}
    assert {SERIES[0], FAINT[0]} <= looks and FAINT[0].name == SERIES[0].name


def test_curves_differ_in_mark_and_look() -> None:
    many = [Series(f"run {n}", points(range(400), [n + step / 400 for step in range(400)])) for n in range(9)]
    drawn = draw(many, View(), 100, 30)
    assert drawn is not None
    marked = {(mark, look) for row in drawn.rows for text, look in row for mark in text if mark in MARKS}
    assert marked == set(zip(MARKS, SERIES, strict=True))


def test_a_legend_wraps_and_counts_what_has_no_place() -> None:
    series = [replace(FALLING, name=name) for name in ("entailment", "相似度", "x" * 60, "last")]
    rows = legend("dev", "", series, ["0.5"] * 4, 40, 2)
    texts = ["".join(text for text, _ in row) for row in rows]
    assert len(rows) == 2 and texts[0].startswith("dev  • entailment 0.5") and "相似度" in "".join(texts)
    assert all(cell_len(text.rstrip()) <= 40 for text in texts) and texts[-1].endswith("+1")
    whole = legend("dev", "", series, ["0.5"] * 4, 80, 4)
    assert "…" in "".join(text for row in whole for text, _ in row), "a long name is cut"
