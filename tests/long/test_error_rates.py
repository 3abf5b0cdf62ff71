"""How often tests see a difference where there is none: each under what it takes as given, and for each kind of metric."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from engine.reports.significance.measured import Contrast
from engine.reports.significance.tests import BOOTSTRAP_T, TESTS

from .pairs import World, rate

METHODS = World("glue/sst2", 277, seed_effect=0.07)
"""Methods whose seeds differ: new seeds and new examples are drawn for each pair."""
MODELS = World("glue/sst2", 400, example=0.7, method=0.3)
"""Two models that answer differently, of the same quality."""
SEEDS = World("glue/sst2", 400, example=0.9, method=0.0, seed_effect=0.05)
"""On these examples, methods that differ in nothing but their seeds."""
NUMBER = 10_000


def p_of(name: str) -> Callable[[Contrast], float]:
    test = BOOTSTRAP_T if name == "bootstrap-t" else TESTS[name]
    return lambda pair: test.apply([pair]).p


@pytest.mark.parametrize(
    ("name", "world", "seeds"),
    [
        ("crossed", METHODS, 3),
        ("welch", SEEDS, 3),
        ("sign-flip", SEEDS, 6),
        ("mcnemar", MODELS, 1),
        ("randomisation", MODELS, 1),
        ("bootstrap", MODELS, 1),
        ("bootstrap-t", MODELS, 1),
    ],
)
def test_each_test_holds_its_level_under_what_it_takes_as_given(name: str, world: World, seeds: int) -> None:
    found = rate(world, p_of(name), NUMBER, seeds)
    print(f"{name}: {found:.4f} of {NUMBER:,} equal pairs")
    # Beyond it lies a test at exactly 5% with a probability of 1e-5.
    assert found <= 0.06


WORLDS = {
    "accuracy, n=100": World("glue/sst2", 100, seed_effect=0.1),
    "accuracy, n=408": World("glue/sst2", 408, seed_effect=0.05),
    "accuracy, n=1500": World("glue/sst2", 1500, seed_effect=0.03),
    "F1, n=408": World("glue/mrpc", 408, seed_effect=0.05, positive=0.68, metric="f1"),
    "Matthews, n=1043": World("glue/cola", 1043, seed_effect=0.04, positive=0.69),
    "Pearson, n=1500": World("glue/stsb", 1500, seed_effect=0.0),
    "MultiRC F1, 83 passages": World("superglue/multirc", 4150, cluster_size=50, of_cluster=0.1, seed_effect=0.02),
    "MultiRC EM, 83 passages": World(
        "superglue/multirc", 4150, cluster_size=50, of_cluster=0.1, seed_effect=0.02, metric="exact_match"
    ),
}


@pytest.mark.parametrize("name", WORLDS)
def test_crossed_t_holds_for_every_kind_of_metric(name: str) -> None:
    number = 1500 if WORLDS[name].count < 4000 else 600
    found = rate(WORLDS[name], p_of("crossed"), number, 3)
    print(f"crossed t, {name}: {found:.3f} of {number:,}")
    # Four standard errors of the simulation above 5%, and no test that never rejects.
    assert 0.015 <= found <= 0.05 + 4 * (0.05 * 0.95 / number) ** 0.5


@pytest.mark.parametrize("name", ["mcnemar", "bootstrap", "welch"])
def test_what_takes_too_much_as_given_is_wrong_of_methods(name: str) -> None:
    """Why crossed t is the default: with a seed effect and new examples, the others see differences that are not there."""
    found = rate(METHODS, p_of(name), 3000, 1 if name == "mcnemar" else 3)
    print(f"{name} of methods whose seeds differ: {found:.3f}")
    assert found > {"mcnemar": 0.08, "bootstrap": 0.07, "welch": 0.055}[name]


def test_rows_of_a_passage_are_not_independent() -> None:
    passages = replace(WORLDS["MultiRC F1, 83 passages"], seed_effect=0.0, of_cluster=0.3)
    found = {size: rate(replace(passages, resampled_size=size), p_of("bootstrap-t"), 600, 1) for size in (50, 1)}
    print(f"bootstrap t on MultiRC: passages {found[50]:.3f}, rows {found[1]:.3f}")
    assert found[50] <= 0.08 and found[1] > 0.1
