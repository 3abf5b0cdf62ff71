"""Every p and interval is that of a computation of its own, on generated runs."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from engine.reports.significance.measured import Contrast, Untested
from engine.reports.significance.model_tests import SWAPS, discordant, mcnemar_p
from engine.reports.significance.sign_flip import flipped_p
from engine.reports.significance.t_tests import interval_of
from engine.reports.significance.tests import BOOTSTRAP_T, TESTS, usual_test

from .generated import contrast, scores

FIRST, SECOND = (1.0, 1.1, 1.3), (1.5, 1.6, 1.4)
METRICS = [("glue/sst2", "accuracy"), ("glue/mrpc", "f1"), ("glue/cola", "matthews"), ("glue/stsb", "pearson"),
           ("glue/stsb", "spearman"), ("superglue/multirc", "f1"), ("superglue/multirc", "exact_match")]  # fmt: skip


def crossed_by_hand(of: Contrast) -> tuple[float, float, list[float]]:
    """d, V and the parts of the degrees of freedom, from the formulas of the documentation."""
    d, v, r, parts, resampled = 0.0, 0.0, 0.0, [], 0
    for sign, side in ((1, list(of.first)), (-1, list(of.second))):
        theta, star, size = of.on.scores[side], of.on.replicates[side], len(side)
        d += sign * np.mean(theta)
        resampled = resampled + sign * np.mean(star, axis=0)
        seeds = np.var(theta, ddof=1) / size
        covariances = [np.cov(star[s], star[t])[0, 1] for s, t in itertools.permutations(range(size), 2)]
        r += max(0.0, np.mean([np.var(one, ddof=1) for one in star]) - np.mean(covariances)) / size
        v += seeds
        parts.append(seeds**2 / (size - 1))
    examples = np.var(resampled, ddof=1)
    parts.append(examples**2 / (of.on.clusters - 1))
    return d, max(0.0, v - r) + examples, parts


@pytest.mark.parametrize(("key", "metric"), METRICS)
def test_crossed_t(key: str, metric: str) -> None:
    of = contrast(key, FIRST, SECOND[:2], 80, 4, metric)
    d, variance, parts = crossed_by_hand(of)
    df = variance**2 / sum(parts)
    found = TESTS["crossed"].apply([of])
    assert found.difference == pytest.approx(d)
    assert found.p == pytest.approx(2 * stats.t.sf(abs(d) / math.sqrt(variance), df), abs=1e-9)
    half = stats.t.ppf(0.975, df) * math.sqrt(variance)
    assert (found.low, found.high) == pytest.approx((d - half, d + half))


def test_crossed_t_of_an_average_over_tasks() -> None:
    of = [contrast(key, FIRST, SECOND, 80, 4, metric) for key, metric in METRICS[:4]]
    by_hand = [crossed_by_hand(one) for one in of]
    d, variance = sum(one[0] for one in by_hand) / 4, sum(one[1] for one in by_hand) / 16
    df = variance**2 / sum(part / 4**4 for one in by_hand for part in one[2])
    assert TESTS["crossed"].apply(of).p == pytest.approx(2 * stats.t.sf(abs(d) / math.sqrt(variance), df), abs=1e-9)


def test_the_interval_of_one_method() -> None:
    of = contrast("glue/sst2", FIRST, SECOND, 80)
    alone = Contrast(of.on, of.first, of.first)
    theta, star = scores(of)[0], of.on.replicates[list(of.first)]
    seeds, examples = np.var(theta, ddof=1) / 3, np.var(star.mean(axis=0), ddof=1)
    covariance = np.cov(star)
    own = max(0.0, np.trace(covariance) / 3 - (covariance.sum() - np.trace(covariance)) / 6) / 3
    variance = max(0.0, seeds - own) + examples
    half = stats.t.ppf(0.975, variance**2 / (seeds**2 / 2 + examples**2 / 79)) * math.sqrt(variance)
    assert interval_of([(of.on, of.first)]) == pytest.approx((theta.mean() - half, theta.mean() + half))
    assert TESTS["crossed"].apply([alone]).p == 1


def test_welch() -> None:
    of = contrast("glue/sst2", FIRST, SECOND[:2], 333)
    expected = stats.ttest_ind(*scores(of), equal_var=False)
    found = TESTS["welch"].apply([of])
    assert found.p == pytest.approx(expected.pvalue)
    assert (found.low, found.high) == pytest.approx(tuple(expected.confidence_interval()))


@given(st.lists(st.integers(-8, 8), min_size=6, max_size=11))
@settings(max_examples=30, deadline=None)
def test_sign_flip(differences: list[int]) -> None:
    # Whole numbers, whose sums are exact: scipy's tolerance is relative to the observed sum, which may be 0.
    whole = np.array(differences, dtype=float)
    expected = stats.permutation_test((whole,), np.sum, permutation_type="samples", n_resamples=np.inf)
    assert flipped_p(whole / 7) == pytest.approx(min(1, expected.pvalue))


def test_sign_flip_needs_six_pairs_of_equal_seeds() -> None:
    with pytest.raises(Untested, match=r"n/a: it needs 6 to 20 seeds; with 3 no p is below 0.25"):
        TESTS["sign-flip"].apply([contrast("glue/sst2", FIRST, SECOND)])
    with pytest.raises(Untested, match="pairs runs by seed"):
        TESTS["sign-flip"].apply([contrast("glue/sst2", FIRST, SECOND[:2])])
    six = contrast("glue/sst2", [1.0] * 6, [1.9] * 6, 80)
    ours, theirs = scores(six)
    assert TESTS["sign-flip"].apply([six]).p == pytest.approx(flipped_p(ours - theirs))


@given(st.integers(0, 300), st.integers(0, 300))
@settings(max_examples=50, deadline=None)
def test_mcnemar(only_first: int, only_second: int) -> None:
    count = only_first + only_second
    exact = stats.binomtest(only_first, count).pvalue if count else 1.0
    ks = np.arange(count + 1)
    pmf, distance, observed = stats.binom.pmf(ks, count, 0.5), np.abs(2 * ks - count), abs(only_first - only_second)
    mid = pmf[distance > observed].sum() + pmf[distance == observed].sum() / 2
    assert mcnemar_p(only_first, only_second, exact=True) == pytest.approx(exact, abs=1e-9)
    assert mcnemar_p(only_first, only_second) == pytest.approx(mid if count else 1.0, abs=1e-9)


def test_mcnemar_counts_examples() -> None:
    of = contrast("glue/sst2", FIRST[:1], SECOND[:1], 200)
    right = (of.on.examples.logits.argmax(axis=2) == of.on.examples.rows["label"]).tolist()
    only = [sum(a and not b for a, b in zip(*pair, strict=True)) for pair in (right, right[::-1])]
    assert discordant([of]) == tuple(only)
    assert TESTS["mcnemar"].apply([of]).p == mcnemar_p(*only)


@pytest.mark.parametrize(
    ("of", "why"),
    [
        (contrast("glue/sst2", FIRST, SECOND), "two models"),
        (contrast("glue/mrpc", FIRST[:1], SECOND[:1], metric="f1"), "right answers"),
        (contrast("glue/sst2", FIRST[:1], SECOND[:1], cluster_size=3), "60 lie in 20 clusters"),
    ],
)
def test_mcnemar_is_refused_where_it_would_be_wrong(of: Contrast, why: str) -> None:
    with pytest.raises(Untested, match=why):
        TESTS["mcnemar"].apply([of])


@pytest.mark.parametrize(("key", "metric"), METRICS)
def test_randomisation_is_the_share_of_all_swaps(key: str, metric: str) -> None:
    of = contrast(key, FIRST[:2], SECOND[:2], 40, 5, metric)
    sums = of.on.exchangeable
    differences = []
    for swaps in itertools.product((0, 1), repeat=8):
        keep = np.array(swaps)[:, None] == 0
        first = np.where(keep, sums.of_runs[:2], sums.of_runs[2:]).sum(axis=1)
        second = np.where(keep, sums.of_runs[2:], sums.of_runs[:2]).sum(axis=1)
        labels = sums.of_labels.sum(axis=0)
        differences.append(100 * (sums.finish(labels, first).mean() - sums.finish(labels, second).mean()))
    exact = np.mean(np.abs(differences) >= abs(differences[0]) - 1e-9)
    assert of.difference == pytest.approx(differences[0])
    assert TESTS["randomisation"].apply([of]).p == pytest.approx(exact, abs=4 * math.sqrt(0.25 / SWAPS))


def test_bootstrap_t() -> None:
    of = contrast("glue/mrpc", FIRST[:1], SECOND, 60, 4, "f1")
    t = of.difference / np.std(of.replicates, ddof=1)
    found = BOOTSTRAP_T.apply([of])
    assert found.p == pytest.approx(2 * stats.t.sf(abs(t), 14), abs=1e-10)
    assert found.high - found.difference == pytest.approx(stats.t.ppf(0.975, 14) * np.std(of.replicates, ddof=1))


def test_bootstrap() -> None:
    of = contrast("glue/mrpc", FIRST[:1], SECOND[:1], 60, metric="f1")
    resampled = np.sort(of.replicates)
    found = TESTS["bootstrap"].apply([of])
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(resampled, [0.025, 0.975])))
    assert found.p == pytest.approx(min(1, 2 * (1 + min((resampled <= 0).sum(), (resampled >= 0).sum())) / 2001), abs=1e-12)


@pytest.mark.parametrize("test", TESTS)
@pytest.mark.parametrize("key", ["glue/sst2", "glue/stsb"])
def test_which_comes_first_changes_the_sign_alone(test: str, key: str) -> None:
    count = {"mcnemar": 1, "sign-flip": 6}.get(test, 2)
    of = contrast(key, [1.0 + 0.1 * n for n in range(count)], [1.3 + 0.1 * n for n in range(count)], 60)
    try:
        ours, theirs = (TESTS[test].apply([one]) for one in (of, Contrast(of.on, of.second, of.first)))
    except Untested:
        assert (test, key) == ("mcnemar", "glue/stsb")
        return
    assert ours.p == pytest.approx(theirs.p, abs=1e-12)
    assert (ours.difference, ours.low, ours.high) == pytest.approx((-theirs.difference, -theirs.high, -theirs.low))


@pytest.mark.parametrize("test", sorted(set(TESTS) - {"sign-flip"}))
def test_equal_answers_are_no_difference(test: str) -> None:
    of = contrast("glue/sst2", [1.0] * (1 if test == "mcnemar" else 2), [1.0] * (1 if test == "mcnemar" else 2))
    half = len(of.first)
    of.on.examples.logits[half:] = of.on.examples.logits[:half]
    assert TESTS[test].apply([of]).p == 1


def test_right_everywhere_against_wrong_everywhere() -> None:
    of = contrast("glue/sst2", FIRST[:2], SECOND[:2], 12)
    labels = of.on.examples.rows["label"]
    for run in range(4):
        of.on.examples.logits[run] = np.eye(2)[labels if run < 2 else 1 - labels]
    found = TESTS["crossed"].apply([of])
    assert (found.difference, found.low, found.high, found.p) == pytest.approx((100, 100, 100, 2 * 0.5**12))


def test_one_cluster_generalises_to_nothing() -> None:
    with pytest.raises(Untested, match="all examples of glue/sst2 are one cluster"):
        TESTS["crossed"].apply([contrast("glue/sst2", FIRST, SECOND, 12, 12)])


@pytest.mark.parametrize(
    ("of", "title"),
    [
        ([contrast("glue/sst2", FIRST, SECOND[:2])], "crossed t"),
        ([contrast("glue/sst2", FIRST[:1], SECOND[:1])], "McNemar mid-p"),
        ([contrast("glue/sst2", FIRST[:1], SECOND[:1], cluster_size=3)], "approximate randomisation"),
        ([contrast("glue/stsb", FIRST[:1], SECOND[:1])], "approximate randomisation"),
        ([contrast("glue/sst2", FIRST[:1], SECOND)], "bootstrap t"),
        ([contrast("glue/sst2", FIRST[:1], SECOND[:1]), contrast("glue/rte", FIRST, SECOND)], "approximate randomisation"),
    ],
)
def test_the_usual_test(of: list[Contrast], title: str) -> None:
    assert usual_test(of).title == title
