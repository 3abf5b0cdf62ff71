"""Budget curves: what the best of n settings is expected to have, by the mean over all subsets."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import pytest

from engine.errors import UserError
from engine.plans.planner import submit
from engine.registry.records import Run
from engine.registry.store import Store
from engine.reports.figures.budget import expected_best
from engine.sweeps.advance import advance
from tests.plans.requests import needs_minilm
from tests.reports.figures.drawn import gather
from tests.sweeps.tuned import FILE, end, planned, rate

pytestmark = needs_minilm
GRID = """
name = "grid"
backbones = "minilm"
targets = "toy/claim"
methods = "adapter"
seeds = [0, 1]
epochs = 1
[settings]
learning_rate = [1e-4, 1e-3, 1e-2]
reduction = [8, 16]
"""


def brute_force(dev: list[float], shown: list[float]) -> list[float]:
    """The mean over all subsets, one by one; of equal settings the first counts."""
    sizes = range(1, len(dev) + 1)
    subsets = [list(itertools.combinations(range(len(dev)), size)) for size in sizes]
    return [float(np.mean([shown[max(one, key=lambda i: (dev[i], -i))] for one in of_size])) for of_size in subsets]


def test_estimator_equals_the_mean_over_all_subsets() -> None:
    random = np.random.default_rng(3)
    for count in range(1, 9):
        dev, shown = random.integers(0, 4, count).tolist(), random.normal(size=count).tolist()
        assert expected_best(dev, dev) == pytest.approx(brute_force(dev, dev))
        assert expected_best(dev, shown) == pytest.approx(brute_force(dev, shown))


def run_sweep(store: Store, text: str, value: Callable[[Run], float | None]) -> None:
    sweep = planned(store.home, text)
    store.register(sweep.record())
    submit(sweep.plan, store)
    end(store, value)
    advance(store.home)
    end(store, value)


def test_searches_have_a_curve_on_dev_alone(store: Store) -> None:
    dev = {1e-4: 0.5, 1e-3: 0.8, 1e-2: 0.6}
    run_sweep(store, FILE, lambda run: dev[rate(run)] + 0.01 * (run.seed == 101))
    figure = gather(store, "budget", "target:toy/claim")
    assert [curve.name for curve in figure.series] == ["Adapter, dev", "LoRA, dev"]
    means = [100 * value + 0.5 for value in dev.values()]
    for curve in figure.series:
        assert [point.x for point in curve.points] == [1, 2, 3]
        assert [point.y for point in curve.points] == pytest.approx(brute_force(means, means))
        assert {point.n for point in curve.points} == {2}
    with pytest.raises(UserError, match="add target:toy/claim or target:toy/question"):
        gather(store, "budget")


def test_a_setting_that_diverged_counts_as_the_worst(store: Store) -> None:
    run_sweep(store, FILE, lambda run: {1e-4: 0.5, 1e-3: 0.8}.get(rate(run)))
    figure = gather(store, "budget", "target:toy/claim", "method:lora")
    assert [point.y for point in figure.series[0].points] == pytest.approx(brute_force([50, 80, 50], [50, 80, 50]))
    assert figure.diverged == 1 and "diverged count as the worst" in figure.caption


def grid_value(run: Run) -> float:
    return 0.5 + 0.1 * np.sin(50 * rate(run) + run.parsed.hyperparameters["reduction"]) + 0.01 * run.seed  # type: ignore[operator]


def test_a_grid_has_a_curve_on_test_in_the_order_of_dev(store: Store) -> None:
    run_sweep(store, GRID, grid_value)
    figure = gather(store, "budget")
    assert [curve.name for curve in figure.series] == ["Adapter, dev", "Adapter, test"]
    settings: dict[tuple[object, ...], list[float]] = {}
    for run in store.runs():
        settings.setdefault((rate(run), run.parsed.hyperparameters["reduction"]), []).append(100 * grid_value(run))
    dev = [float(np.mean(values)) for values in settings.values()]
    assert [len(values) for values in settings.values()] == [2] * 6
    on_dev, on_test = figure.series
    assert [point.y for point in on_dev.points] == pytest.approx(brute_force(dev, dev))
    assert [point.y for point in on_test.points] == pytest.approx(brute_force(dev, [value - 10 for value in dev]))


def test_a_grid_with_a_missing_run_is_not_drawn(store: Store) -> None:
    run_sweep(store, GRID, grid_value)
    store.delete([store.runs()[0].id])
    with pytest.raises(UserError, match=r"nothing to draw.*\[tune\]"):
        gather(store, "budget")
