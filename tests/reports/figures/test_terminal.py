"""Figures as text: they fit, every series has a letter, and dots stand where the values are."""

from __future__ import annotations

import pytest

from engine.reports.figures.heat_map import HeatMap, maps_text
from engine.reports.figures.lines import Axes, Point, Series
from engine.reports.figures.terminal import HEIGHT, Dot, dots_text, lines_text

AXES = Axes("step", "dev accuracy")


def curve(name: str, *values: float) -> Series:
    return Series(name, tuple(Point(x, y, y - 1, y + 1, 3) for x, y in enumerate(values)))


def test_a_rising_curve_goes_from_the_lower_left_to_the_upper_right() -> None:
    lines = lines_text([curve("Adapter", 50, 60, 70, 80)], AXES, 80).splitlines()
    canvas = [line[5:] for line in lines[1 : HEIGHT + 1]]
    firsts = [len(row) - len(row.lstrip()) for row in canvas if row.strip()]
    assert firsts == sorted(firsts, reverse=True) and len(firsts) == HEIGHT
    assert lines[0] == "dev accuracy" and "step" in lines[HEIGHT + 3]
    assert lines[-1] == "  a 80.00 [79.00, 81.00] Adapter"


def test_every_series_has_its_letter_and_shared_places_a_star() -> None:
    text = lines_text([curve("One", 1, 2, 3), curve("Two", 3, 2, 1), curve("Three", 1, 1, 1)], AXES, 60)
    canvas = "\n".join(text.splitlines()[1 : HEIGHT + 1])
    assert all(letter in canvas for letter in "abc") and "*" in canvas
    assert [line.split()[0] for line in text.splitlines()[-3:]] == ["a", "b", "c"]


COLUMNS = tuple(f"task{number}" for number in range(30))


@pytest.mark.parametrize("width", [40, 80, 120])
def test_everything_fits(width: int) -> None:
    many = [curve(f"A method with a rather long name {number}" * 3, number, 123456.789) for number in range(60)]
    texts = [
        lines_text(many, AXES, width),
        lines_text(many[:1], Axes("n", "y" * 200, ((0.0, "4"), (1.0, "all"))), width),
        dots_text([Dot(3.0, 5.0, "x" * 200), Dot(8.0, 5.0, "b", joined=True)], AXES, width),
        maps_text([HeatMap("", "x", "y" * 90, COLUMNS, ("r" * 90, "s"), ((1.0,) * 30, (None,) * 30), "points")], width),
    ]
    for text in texts:
        assert max(map(len, text.splitlines())) <= width


def test_one_point_and_equal_values_can_be_drawn() -> None:
    assert "a" in lines_text([curve("One", 5.0)], AXES, 80).splitlines()[HEIGHT // 2 + 1]
    assert lines_text([curve("One", 0.0, 0.0)], AXES, 80)


def test_a_map_names_its_axes_and_has_dots_for_missing_values() -> None:
    shown = HeatMap("", "x", "y", ("0", "1"), ("high", "low"), ((3.0, None), (1.0, 2.0)), "points")
    first, *lines = maps_text([shown], 80).splitlines()
    assert first == "points; x to the right"
    assert [line.split() for line in lines] == [["y", "0", "1"], ["high", "3.00", "."], ["low", "1.00", "2.00"]]
