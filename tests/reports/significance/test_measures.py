"""A metric of a resample is that of ``engine.metrics.scoring`` on the resampled rows, for every metric of every kind."""

from __future__ import annotations

import numpy as np
import pytest

from engine.catalog.catalog import BUILT_IN
from engine.catalog.kinds import KINDS
from engine.catalog.task import TaskInfo
from engine.metrics.scoring import score
from engine.reports.significance.bootstrap import replicates
from engine.reports.significance.examples import Examples, pair
from engine.reports.significance.measures import exchangeable, measure

from .generated import evidence

CASES = [
    (task.key, metric)
    for task in (BUILT_IN.tasks[key] for key in (
        "glue/sst2", "glue/mrpc", "glue/cola", "glue/stsb", "glue/mnli", "superglue/multirc", "superglue/cb", "superglue/copa",
        "superglue/record", "humset/sectors",
    ))
    for metric in task.metrics
]  # fmt: skip


def case(key: str, cluster_size: int = 4) -> tuple[TaskInfo, Examples]:
    runs = {f"run {number}": evidence(key, 48, skill, number, cluster_size) for number, skill in enumerate((0.0, 0.5, 2.0))}
    return BUILT_IN.tasks[key], pair(runs)


def resampled(examples: Examples, counts: np.ndarray, run: int, task: TaskInfo) -> dict[str, float]:
    """The metrics of one run where every cluster stands ``counts`` times, each time with groups of its own."""
    places = np.concatenate(
        [np.flatnonzero(examples.clusters == cluster) for cluster, count in enumerate(counts) for _ in range(count)]
    )
    copies = np.concatenate(
        [
            np.full((examples.clusters == cluster).sum(), 1000 * copy)
            for cluster, count in enumerate(counts)
            for copy in range(count)
        ]
    )
    groups = examples.rows["group"][places] + copies if "group" in examples.rows else None
    chosen = {name: array[places] for name, array in (examples.candidates or {}).items()} or None
    return score(task, examples.logits[run][places], examples.rows["label"][places], groups, chosen)


@pytest.mark.parametrize(("key", "metric"), CASES)
def test_every_metric_of_resamples(key: str, metric: str) -> None:
    task, examples = case(key)
    measured, random = measure(task, metric, examples), np.random.default_rng(5)
    counts = np.stack([np.ones(measured.clusters, dtype=int)] + [
        np.bincount(random.integers(measured.clusters, size=measured.clusters), minlength=measured.clusters) for _ in range(6)
    ])  # fmt: skip
    found = measured.under(counts)
    for run in range(3):
        expected = [resampled(examples, row, run, task)[metric] for row in counts]
        assert found[run] == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(("key", "metric"), CASES)
def test_what_is_exchanged_has_the_same_score(key: str, metric: str) -> None:
    task, examples = case(key)
    one = np.ones((1, measure(task, metric, examples).clusters))
    assert exchangeable(task, metric, examples).under(one) == pytest.approx(
        measure(task, metric, examples).under(one), abs=1e-9
    )


def test_all_metrics_that_tasks_can_have_are_tried() -> None:
    tried = {(BUILT_IN.tasks[key].kind, metric) for key, metric in CASES}
    assert tried >= {(task.kind, metric) for task in BUILT_IN.tasks.values() for metric in task.metrics}
    assert {metric for _, metric in tried} == {metric for kind in KINDS.values() for metric in kind.metrics}


@pytest.mark.parametrize("metric", ["pearson", "spearman"])
def test_constants_correlate_with_nothing(metric: str) -> None:
    task, examples = case("glue/stsb")
    examples.logits[0] = 3.0
    found = replicates(measure(task, metric, examples), 1, 50)
    assert not found[0].any() and found[2].all()


def test_all_runs_get_the_same_resamples_however_many_there_are() -> None:
    task, examples = case("glue/sst2", 1)
    fewer = Examples(examples.rows, examples.clusters, examples.logits[1:2], examples.seed)
    every = replicates(measure(task, "accuracy", examples), 9, 200)
    assert np.array_equal(every[1], replicates(measure(task, "accuracy", fewer), 9, 200)[0])
    assert every.std() > 0 and every[1].mean() == pytest.approx(
        measure(task, "accuracy", fewer).under(np.ones((1, 48)))[0, 0], abs=0.02
    )
