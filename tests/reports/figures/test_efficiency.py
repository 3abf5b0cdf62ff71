"""Efficiency: rows of the leaderboard by their number of trained parameters."""

from __future__ import annotations

import itertools

import pytest

from engine.catalog.catalog import BUILT_IN
from engine.errors import UserError
from engine.registry.store import Store
from engine.reports.leaderboard import build
from engine.reports.with_standings import with_standings
from tests.reports.answered import answer_all
from tests.reports.figures.drawn import gather
from tests.reports.rows import complete, spec

TASKS = ("glue/rte", "glue/qnli")
METHODS = {"full-ft": (110_000_000, 0.80), "adapter": (900_000, 0.82), "lora": (300_000, 0.70), "ia3": (300_000, 0.72)}


def test_values_are_averages_and_the_line_joins_what_no_other_row_beats(store: Store) -> None:
    for method, (trainable, value) in METHODS.items():
        for task, seed in itertools.product(TASKS, range(2)):
            offset = 0.02 * seed + (0.04 if task == TASKS[0] else 0.0)
            complete(store, spec(method, task, seed), value + offset, trainable=trainable, transfer=trainable)
    rows = gather(store, "efficiency").rows
    expected = {"IA3": (300_000, 75.0), "LoRA": (300_000, 73.0), "Adapter": (900_000, 85.0), "Full FT": (110_000_000, 83.0)}
    assert [row.parameters for row in rows] == [300_000, 300_000, 900_000, 110_000_000]
    assert sorted((row.parameters, round(row.value, 6)) for row in rows) == sorted(expected.values())
    beaten = {a.name for a in rows for b in rows if b is not a and b.parameters <= a.parameters and b.value >= a.value}
    assert {row.name for row in rows if row.best} == {row.name for row in rows} - beaten
    assert len(beaten) == 2


def test_intervals_are_those_of_the_leaderboards_tests(store: Store) -> None:
    answer_all(store, {"adapter": 1.6, "lora": 2.0}, ["glue/sst2", "glue/stsb"], 3)
    (table,) = with_standings(build(store, BUILT_IN), store, BUILT_IN).tables
    standings = {row.name: row.average_standing for row in table.rows if not row.published}
    figure = gather(store, "efficiency")
    assert [row.parameters for row in figure.rows] == [1000, 2000]
    intervals = {name: (standing.low, standing.high) for name, standing in standings.items() if standing}
    assert {row.name: (row.low, row.high) for row in figure.rows} == intervals
    assert all(row.low is not None and row.low < row.value < row.high for row in figure.rows if row.high is not None)
    assert "95% intervals over seeds and examples;" in figure.caption


def test_a_single_task_is_shown_by_its_metric(store: Store) -> None:
    complete(store, spec("adapter", TASKS[0]), 0.7, trainable=1000)
    figure = gather(store, "efficiency")
    assert (figure.y, figure.rows[0].value) == ("accuracy", pytest.approx(70.0))


def test_rows_that_lack_a_task_are_left_out(store: Store) -> None:
    for task in TASKS:
        complete(store, spec("adapter", task), 0.7, trainable=1000)
    complete(store, spec("lora", TASKS[0]), 0.9, trainable=1000)
    assert [row.name for row in gather(store, "efficiency").rows] == ["Adapter"]


def test_of_several_benchmarks_one_has_to_be_chosen(store: Store) -> None:
    complete(store, spec("adapter", TASKS[0]), 0.7, trainable=1000)
    complete(store, spec("adapter", "superglue/cb"), 0.7, trainable=1000)
    with pytest.raises(UserError, match="add benchmark:glue or benchmark:superglue"):
        gather(store, "efficiency")
    assert gather(store, "efficiency", "benchmark:superglue").benchmark == "SuperGLUE"
