"""Which examples limits and few-shot runs keep."""

from __future__ import annotations

import numpy as np
import pytest

from engine.data.subsets import few_shot, limited


def test_limits_are_nested_and_do_not_depend_on_anything_but_the_count() -> None:
    few, more = limited(1_000, 10), limited(1_000, 100)
    assert set(few) < set(more) and len(more) == 100
    assert (np.diff(more) > 0).all()
    assert limited(50, 50).tolist() == list(range(50)) == limited(50, 10**6).tolist()


def test_group_limits_keep_whole_groups_and_at_least_one() -> None:
    groups = np.repeat(np.arange(20), 5)
    kept = limited(100, 23, groups)
    assert len(kept) == 20
    assert set(np.bincount(groups[kept], minlength=20)) == {0, 5}
    assert len(limited(100, 1, groups)) == 5


@pytest.mark.parametrize("shots", [4, 16, 32, 100])
def test_few_shot_draws_are_balanced_and_belong_to_the_seed(shots: int) -> None:
    labels = np.array([0] * 900 + [1] * 300 + [2] * 300)[np.random.RandomState(0).permutation(1500)]
    drawn = few_shot(labels, shots, seed=3)
    counts = np.bincount(labels[drawn], minlength=3)
    assert len(set(drawn.tolist())) == shots and counts.max() - counts.min() <= 1
    assert drawn.tolist() == few_shot(labels, shots, seed=3).tolist() != few_shot(labels, shots, seed=4).tolist()


def test_a_small_class_is_taken_whole() -> None:
    labels = np.array([0] * 50 + [1] * 3)
    assert np.bincount(labels[few_shot(labels, 16, 0)]).tolist() == [13, 3]
    assert few_shot(labels, 100, 0).tolist() == list(range(53))


def test_scores_are_drawn_over_their_whole_range() -> None:
    scores = np.random.RandomState(1).rand(1000).astype(np.float32) ** 3
    drawn = np.sort(scores[few_shot(scores, 10, 7)])
    edges = np.quantile(scores, np.linspace(0, 1, 11))
    assert all(low <= value <= high for low, value, high in zip(edges, drawn, edges[1:], strict=False))
    several = (np.random.RandomState(1).rand(100, 6) < 0.3).astype(np.float32)
    assert len(few_shot(several, 10, 7)) == 10
