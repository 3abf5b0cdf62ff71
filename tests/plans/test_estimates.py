"""What a plan will take, from the catalog and from earlier runs; what is not known is not guessed."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from engine.catalog.catalog import BUILT_IN
from engine.plans.estimates import Estimate, estimates, planned_steps, totals
from engine.plans.planner import make_plan, submit
from engine.registry.store import Store
from engine.runs.request import Request
from engine.training.planned_parameters import trainable
from tests.reports.rows import spec
from tests.training.runs import trained

SMALL = {"train": 40, "dev": 8, "test": 8}


@pytest.mark.parametrize(
    ("run", "steps"),
    [
        (spec("adapter", "glue/rte"), 30 * 71),
        (spec("adapter", "glue/rte", limits={"train": 100}, epochs=2), 2 * 4),
        (spec("adapter", "glue/rte", shots=16), 1000),
        (spec("adapter", "superglue/record"), None),
        (spec("hyperformer", ("glue/rte", "glue/cola")), 50 * 7500),
        (spec("adapter", "toy/claim", backbone="minilm"), 60 * 4),
    ],
    ids=str,
)
def test_steps(run: Any, steps: int | None) -> None:
    assert planned_steps(run) == steps


def test_steps_of_files_that_hold_a_part_of_the_official_rows() -> None:
    assert planned_steps(spec("adapter", "glue/qqp", epochs=1), {"glue/qqp": {"train": 150, "validation": 100}}) == 5
    assert planned_steps(spec("adapter", "glue/qqp", epochs=1), {"glue/qqp": {"train": 363_846}}) == 10_234


def test_steps_and_parameters_are_those_of_the_run(store: Store, tiny_backbone: Path) -> None:
    request = Request(
        methods=("scalearn", "adapterfusion"), targets=("toy/question", "toy/topics"), sources=("toy/choice", "toy/question"),
        backbone=str(tiny_backbone), epochs=1, limits=SMALL,
    )  # fmt: skip
    plan = make_plan(request, store, BUILT_IN)
    specs = [planned.spec for planned in plan.runs]
    counted: list[int] = []

    def count(planned: list[dict[str, Any]]) -> list[int | None]:
        counted.append(len(planned))
        asked = [next(one for one in specs if one.model_dump(mode="json") == item["spec"]) for item in planned]
        return [trainable(one, item["sources"], BUILT_IN) for one, item in zip(asked, planned, strict=True)]

    before = estimates(plan, {}, store, count)
    assert before == estimates(plan, {}, store, count) and len(counted) == 1, "the second time from the cache"
    assert all(one.seconds is None and one.bytes is None for one in before.values())
    submit(plan, store)
    for planned in plan.runs:
        run = trained(store, planned.run_id)
        assert (run.steps, run.trainable) == (before[run.id].steps, before[run.id].trainable)

    with closing(sqlite3.connect(store.home.database)) as database, database:
        database.execute("UPDATE run SET seconds = 3.0 * 100, step = 100, device = 'cpu'")
    other = make_plan(request.model_copy(update={"seeds": (1,)}), store, BUILT_IN)
    for estimate in estimates(other, {}, store, count).values():
        assert estimate.steps and estimate.seconds == pytest.approx(3.0 * estimate.steps)
        assert estimate.bytes and estimate.bytes > 1000
    assert len(counted) == 1


def test_a_total_of_something_unknown_is_unknown() -> None:
    known, unknown = Estimate(1, 1, 2.0, 3), Estimate(1, 1, None, 3)
    assert totals([known, known]) == (4.0, 6) and totals([known, unknown]) == (None, 6) and totals([]) == (None, None)
