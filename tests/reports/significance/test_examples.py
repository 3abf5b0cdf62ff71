"""Runs are paired by the ids of examples: neither order nor numbering of a file changes what is computed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.catalog.catalog import BUILT_IN
from engine.errors import UserError
from engine.files.evidence import SplitEvidence
from engine.reports.significance.examples import pair
from engine.reports.significance.measured import Contrast, Measured
from engine.reports.significance.tests import TESTS

from .generated import evidence


def reordered(one: SplitEvidence, places: np.ndarray) -> SplitEvidence:
    return replace(one, logits=one.logits[places], rows={name: array[places] for name, array in one.rows.items()})


def runs(count: int = 60) -> dict[str, SplitEvidence]:
    return {
        name: evidence("superglue/multirc", count, skill, seed, 4)
        for seed, (name, skill) in enumerate((("a", 1.0), ("b", 1.6)))
    }


@pytest.mark.parametrize("test", ["randomisation", "bootstrap"])
def test_the_order_of_rows_changes_nothing(test: str) -> None:
    task, random = BUILT_IN.tasks["superglue/multirc"], np.random.default_rng(0)
    moved = {name: reordered(one, random.permutation(60)) for name, one in runs().items()}
    renumbered = {name: replace(one, rows={**one.rows, "cluster": 7 - one.rows["cluster"]}) for name, one in moved.items()}
    for metric in task.metrics:
        outcomes = [
            TESTS[test].apply([Contrast(Measured(task, metric, pair(given), [0, 0]), [0], [1])])
            for given in (runs(), moved, renumbered)
        ]
        assert outcomes[0] == outcomes[1] == outcomes[2]


def test_different_examples_are_refused_unless_common_ones_suffice() -> None:
    given = runs()
    given["b"] = reordered(given["b"], np.arange(20, 60))
    with pytest.raises(
        UserError, match=r"runs a and b answered different examples \(60 and 40\); --common compares all runs on the 40"
    ):
        pair(given)
    shared = pair(given, common=True)
    assert (len(shared.clusters), shared.left_out) == (40, 20)
    assert np.array_equal(shared.logits[1], pair({"b": given["b"]}).logits[0])


def test_nothing_in_common_is_refused() -> None:
    given = runs()
    given = {"a": reordered(given["a"], np.arange(20)), "b": reordered(given["b"], np.arange(20, 60))}
    with pytest.raises(UserError, match="no example is common to all runs"):
        pair(given, common=True)


def test_different_labels_are_refused() -> None:
    given = runs()
    given["b"].rows["label"][3] ^= 1
    with pytest.raises(UserError, match="runs a and b have different labels of the same examples"):
        pair(given)
