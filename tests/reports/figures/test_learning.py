"""Learning curves: mean and extremes over seeds, as far as all of them go."""

from __future__ import annotations

import numpy as np
import pytest

from engine.errors import UserError
from engine.registry.store import Store
from tests.reports.figures.drawn import STEPS, gather, learned
from tests.reports.rows import complete, spec

RTE = "glue/rte"
CURVES = [[0.5, 0.7, 0.6], [0.4, 0.8, 0.9, 0.95], [0.6, 0.6, 0.9]]


def test_points_are_mean_and_extremes_of_the_seeds_to_the_first_seeds_end(store: Store) -> None:
    for seed, curve in enumerate(CURVES):
        learned(store, spec("adapter", RTE, seed), curve)
    (series,) = gather(store, "learning").series
    shared = 100 * np.array([curve[:3] for curve in CURVES])
    assert [point.x for point in series.points] == [STEPS, 2 * STEPS, 3 * STEPS]
    assert np.allclose([point.y for point in series.points], shared.mean(axis=0))
    assert np.allclose([point.low for point in series.points], shared.min(axis=0))
    assert np.allclose([point.high for point in series.points], shared.max(axis=0))
    assert {point.n for point in series.points} == {3}


def test_methods_and_settings_have_series_of_their_own_called_as_in_the_leaderboard(store: Store) -> None:
    for run in (spec("adapter", RTE), spec("adapter", RTE, reduction=4), spec("lora", RTE)):
        learned(store, run, [0.5, 0.6])
    figure = gather(store, "learning")
    assert [curve.name for curve in figure.series] == ["Adapter", "Adapter (reduction=4)", "LoRA"]
    assert "RTE (roberta-base)" in figure.caption and "one seed" in figure.caption
    assert [curve.name for curve in gather(store, "learning", "method:lora").series] == ["LoRA"]


def test_a_joint_run_is_drawn_with_the_curve_of_the_target(store: Store) -> None:
    learned(store, spec("adapter-m", [RTE, "glue/mrpc"]), [0.5, 0.7], name=f"dev/{RTE}/accuracy")
    learned(store, spec("adapter", RTE), [0.3, 0.4])
    with pytest.raises(UserError, match=r"add target:glue/mrpc or target:glue/rte|add target:glue/rte or target:glue/mrpc"):
        gather(store, "learning")


def test_several_backbones_are_refused_with_the_terms_that_choose_one(store: Store) -> None:
    learned(store, spec("adapter", RTE), [0.5])
    learned(store, spec("adapter", RTE, backbone="minilm"), [0.5])
    with pytest.raises(UserError, match="add backbone:minilm or backbone:roberta-base"):
        gather(store, "learning")
    assert gather(store, "learning", "backbone:minilm").backbone == "minilm"


def test_runs_without_curves_leave_nothing_to_draw(store: Store) -> None:
    with pytest.raises(UserError, match="nothing to draw: no completed runs; train some: `scalearn run") as none:
        gather(store, "learning")
    assert none.value.exit_code == 3
    complete(store, spec("adapter", RTE), 0.7)
    with pytest.raises(UserError, match="nothing to draw: no completed runs of which method:adapter holds"):
        gather(store, "learning", "method:adapter")
