"""Numbers as text, marks of states."""

from __future__ import annotations

import math
from datetime import timedelta

import pytest

from engine.registry.records import RunState, utc_now
from scalearn_tui.text.formatting import count, duration, number, score, shorten, size
from scalearn_tui.text.glyphs import STATES, silence, state_colour, state_glyph
from tests.registry.rows import run


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, "–"), (0, "00:00"), (730.9, "12:10"), (3723, "1:02:03"), (183_600, "2d 03h"), (math.inf, "–"), (-3, "00:00")],
)
def test_duration(seconds: float | None, text: str) -> None:
    assert duration(seconds) == text


def test_numbers() -> None:
    assert number(0.12345) == "0.12"
    assert number(None) == number(math.nan) == "–"
    assert score(0.78345) == "78.34" and score(None) == "–" and score(-0.05, 1) == "-5.0"
    assert shorten("roberta-base", 8) == "roberta…" and shorten("rte", 8) == "rte"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (0, "0"),
        (950, "950"),
        (1000, "1k"),
        (1430.2, "1.43k"),
        (36_864, "36.9k"),
        (125_000_000, "125M"),
        (2.5e9, "2.5G"),
    ],
)
def test_count(value: float | None, text: str) -> None:
    assert count(value) == text


def test_size() -> None:
    assert [size(value) for value in (None, 350, 2_000, 36_900_000, 1.5e9)] == ["–", "350 B", "2 kB", "36.9 MB", "1.5 GB"]


def test_every_state_has_its_own_marks() -> None:
    from engine.registry.records import RunState

    assert set(STATES) == {state.value for state in RunState}
    marks = [state_glyph(state) for state in STATES]
    assert len(set(marks)) == len(STATES) and all(len(mark) == 1 for mark in marks)
    assert all(state_colour(state) for state in STATES)


def test_a_late_heartbeat_is_shown_beside_the_state() -> None:
    late, fresh = (utc_now() - timedelta(seconds=seconds) for seconds in (130.5, 5))
    assert silence(run(1, state=RunState.RUNNING, heartbeat_at=late)) == "silent for 02:10"
    assert silence(run(1, state=RunState.RUNNING, heartbeat_at=fresh)) == ""
    assert silence(run(1, state=RunState.COMPLETED, heartbeat_at=late)) == "", "it has nothing more to say"
