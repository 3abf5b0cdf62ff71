"""Kinds of tasks: what their declarations promise of each other."""

from __future__ import annotations

import pytest

from engine.catalog.kinds import DECLARABLE_KINDS, KINDS, Kind


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_default_and_excluded_metrics_are_among_those_of_the_kind(kind: Kind) -> None:
    known = set(kind.metrics)
    assert known >= {*kind.own_metrics, *kind.grouped_metrics, *kind.binary_metrics}
    assert set(kind.own_metrics) <= set(kind.metrics_of_own_task(3)), "a default fits any number of labels"


def test_metrics_that_users_can_declare() -> None:
    by_kind = {name: KINDS[name].metrics_of_own_task(2) for name in DECLARABLE_KINDS}
    assert by_kind == {
        "classification": ("accuracy", "f1", "macro_f1", "matthews"),
        "regression": ("pearson", "spearman"),
        "multiple_choice": ("accuracy",),
        "multilabel": ("macro_f1", "micro_f1", "accuracy"),
    }
    assert KINDS["classification"].metrics_of_own_task(3) == ("accuracy", "macro_f1", "matthews")


def test_widths_of_heads() -> None:
    assert {name: kind.outputs(4) for name, kind in KINDS.items()} == {
        "classification": 4,
        "regression": 1,
        "multiple_choice": 1,
        "multilabel": 4,
        "entity_ranking": 4,
    }
    assert KINDS["entity_ranking"].outputs(0) == 2
