"""A figure that the registry lacks is computed from what the run answered, and the footer says which runs kept no answers."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from engine.catalog.catalog import BUILT_IN
from engine.plans.planner import make_plan, submit
from engine.registry.store import Store
from engine.reports.formats.grid import footer
from engine.reports.leaderboard import build
from engine.runs.request import Request
from tests.training.runs import trained

from .rows import complete, spec

QUESTION = "toy/question"


@pytest.fixture
def run_id(store: Store, tiny_backbone: Path) -> str:
    """A run with its answers."""
    request = Request(
        methods=("adapter",), targets=(QUESTION,), backbone=str(tiny_backbone), epochs=1,
        limits={"train": 16, "dev": 8, "test": 24},
    )  # fmt: skip
    (run_id,) = submit(make_plan(request, store, BUILT_IN), store)
    return trained(store, run_id).id


def forget_accuracy(store: Store) -> None:
    with closing(sqlite3.connect(store.home.database)) as database, database:
        assert database.execute("DELETE FROM result WHERE metric = 'accuracy'").rowcount > 0


def test_a_missing_metric_is_computed_from_the_answers(store: Store, run_id: str) -> None:
    before = store.results([run_id])[run_id][QUESTION]["test"]["accuracy"]
    forget_accuracy(store)
    (table,) = build(store, BUILT_IN).tables
    assert table.rows[0].cells[QUESTION].mean == pytest.approx(100 * before)


def test_where_the_answers_are_lost_the_cell_says_so(store: Store, run_id: str) -> None:
    forget_accuracy(store)
    store.home.evidence(run_id, QUESTION, "test").unlink()
    (line,) = build(store, BUILT_IN).left_out
    assert line.startswith(run_id) and "not scored by accuracy" in line and "is missing; put it back" in line


def test_the_footer_names_runs_without_answers(store: Store) -> None:
    complete(store, spec("adapter", "glue/rte"), 0.7)
    board = build(store, BUILT_IN)
    assert dict(footer(board, board.tables[0]))["evidence"].startswith("answers kept of no run; earlier versions kept none")
