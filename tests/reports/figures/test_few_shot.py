"""Few-shot curves: averages over tasks by number of examples, with t intervals over seeds."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from engine.errors import UserError
from engine.registry.store import Store
from tests.reports.figures.drawn import gather
from tests.reports.rows import complete, spec

TASKS = ("glue/rte", "glue/qnli")
DEV = {"dev": 5000}


def value(task: str, shots: int | None, seed: int) -> float:
    return 0.5 + 0.01 * (shots or 400) ** 0.5 + 0.03 * seed**2 + (0.05 if task == "glue/rte" else 0.0) * (seed + 1)


def few_shot(
    store: Store, tasks: tuple[str, ...] = TASKS, shots: tuple[int, ...] = (16, 4, 100), method: str = "adapter"
) -> None:
    for task in tasks:
        for seed in range(3):
            complete(store, spec(method, task, seed), value(task, None, seed))
            for count in shots:
                complete(store, spec(method, task, seed, shots=count, limits=DEV), value(task, count, seed))


def test_points_average_tasks_and_the_band_is_a_t_interval_over_seeds(store: Store) -> None:
    few_shot(store)
    figure = gather(store, "few-shot")
    (series,) = figure.series
    assert (figure.shots, figure.tasks, figure.metric) == (("4", "16", "100", "all"), ("QNLI", "RTE"), "accuracy")
    assert series.name == "Adapter" and [point.x for point in series.points] == [0, 1, 2, 3]
    for point, shots in zip(series.points, (4, 16, 100, None), strict=True):
        seeds = 100 * np.array([[value(task, shots, seed) for task in TASKS] for seed in range(3)]).mean(axis=1)
        low, high = stats.t.interval(0.95, 2, seeds.mean(), stats.sem(seeds))
        assert (point.y, point.low, point.high, point.n) == pytest.approx((seeds.mean(), low, high, 3))


def test_only_tasks_that_all_series_have_are_averaged(store: Store) -> None:
    few_shot(store, shots=(4,))
    few_shot(store, TASKS[:1], shots=(4,), method="lora")
    figure = gather(store, "few-shot")
    assert figure.tasks == ("RTE",) and [curve.name for curve in figure.series] == ["Adapter", "LoRA"]


def test_methods_without_few_shot_runs_are_left_out(store: Store) -> None:
    few_shot(store, shots=(4,))
    complete(store, spec("lora", "glue/rte"), 0.7)
    assert [curve.name for curve in gather(store, "few-shot").series] == ["Adapter"]


def test_two_stage_runs_have_one_series_though_the_targets_own_source_differs(store: Store) -> None:
    rte, qnli = (complete(store, spec("adapter", task), 0.6) for task in TASKS)
    complete(store, spec("scalearn", TASKS[0], sources=[qnli, rte]), 0.7)
    for count in (4, 16):
        own = complete(store, spec("adapter", TASKS[0], shots=count, limits=DEV), 0.5)
        complete(store, spec("scalearn", TASKS[0], sources=[qnli, own], shots=count, limits=DEV), 0.6)
    (series,) = gather(store, "few-shot", "method:scalearn").series
    assert [point.x for point in series.points] == [0, 1, 2]


def test_without_few_shot_runs_there_is_nothing_to_draw(store: Store) -> None:
    complete(store, spec("adapter", TASKS[0]), 0.7)
    with pytest.raises(UserError, match="--shots 4,16"):
        gather(store, "few-shot")
