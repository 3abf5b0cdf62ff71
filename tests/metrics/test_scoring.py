"""Metrics against scikit-learn and scipy, on random and on degenerate predictions."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import scipy.stats
import sklearn.metrics

from engine.catalog.catalog import BUILT_IN
from engine.catalog.kinds import KINDS, Kind
from engine.data.candidates import FIELDS, CandidatesWriter
from engine.errors import UserError
from engine.metrics import scoring

RANDOM = np.random.default_rng(0)


def class_cases(classes: int) -> list[tuple[np.ndarray, np.ndarray]]:
    cases = [(RANDOM.integers(classes, size=size), RANDOM.integers(classes, size=size)) for size in (1, 2, 3, 7, 50, 500)]
    labels = RANDOM.integers(classes, size=40)
    zeros, ones = np.zeros(40, dtype=np.int64), np.ones(40, dtype=np.int64)
    return [
        *cases,
        (labels, labels),
        (labels, zeros),
        (zeros, labels),
        (zeros, zeros),
        (ones, ones),
        (zeros, ones),
        (ones, zeros),
    ]


@pytest.mark.parametrize("classes", [2, 3, 5])
@pytest.mark.filterwarnings("ignore")
def test_class_metrics_are_scikit_learns(classes: int) -> None:
    for labels, predicted in class_cases(classes):
        assert scoring.accuracy(labels, predicted) == pytest.approx(sklearn.metrics.accuracy_score(labels, predicted))
        expected = sklearn.metrics.f1_score(labels, predicted, average="macro", zero_division=0)
        assert scoring.macro_f1(labels, predicted) == pytest.approx(expected)
        assert scoring.matthews(labels, predicted) == pytest.approx(sklearn.metrics.matthews_corrcoef(labels, predicted))
        if classes == 2:
            assert scoring.f1(labels, predicted) == pytest.approx(sklearn.metrics.f1_score(labels, predicted, zero_division=0))


@pytest.mark.filterwarnings("ignore")
def test_multilabel_metrics_are_scikit_learns() -> None:
    labels = RANDOM.integers(2, size=(200, 7))
    labels[:, 0], labels[:, 1] = 0, 1
    for predicted in (RANDOM.integers(2, size=(200, 7)), np.zeros_like(labels), np.ones_like(labels), labels):
        for ours, average in ((scoring.macro_f1, "macro"), (scoring.micro_f1, "micro")):
            expected = sklearn.metrics.f1_score(labels, predicted, average=average, zero_division=0)
            assert ours(labels, predicted) == pytest.approx(expected)
        assert scoring.accuracy(labels, predicted) == pytest.approx(sklearn.metrics.accuracy_score(labels, predicted))


def test_correlations_are_scipys_with_ties() -> None:
    for size in (2, 3, 10, 1500):
        labels = RANDOM.integers(6, size=size).astype(np.float32)
        labels[0], labels[1] = 0.0, 5.0
        predicted = np.round(labels + RANDOM.normal(size=size), 1)
        assert scoring.pearson(labels, predicted) == pytest.approx(scipy.stats.pearsonr(labels, predicted)[0], abs=1e-9)
        assert scoring.spearman(labels, predicted) == pytest.approx(scipy.stats.spearmanr(labels, predicted)[0], abs=1e-9)


def test_correlations_of_a_constant_are_zero() -> None:
    labels, constant = np.array([0.0, 2.0, 5.0]), np.full(3, 0.1)
    for metric in (scoring.pearson, scoring.spearman):
        assert metric(labels, constant) == 0.0
        assert metric(constant, labels) == 0.0
        assert metric(labels[:1], labels[:1]) == 0.0


def test_grouped_exact_match_wants_every_option_of_a_question() -> None:
    labels = np.array([1, 0, 1, 0, 0, 1])
    predicted = np.array([1, 0, 1, 1, 0, 1])
    assert scoring.grouped_exact_match(labels, predicted, np.array([7, 7, 3, 3, 9, 9])) == pytest.approx(2 / 3)


def compared(queries: list[tuple[list[str], list[str]]], folder: Path) -> dict[str, np.ndarray]:
    writer = CandidatesWriter()
    writer.append(queries)
    writer.write(folder)
    return {name: np.load(folder / f"{name}.npy") for name in FIELDS}


def test_record_takes_the_best_candidate_of_each_query(tmp_path: Path) -> None:
    task = BUILT_IN.tasks["superglue/record"]
    answers_1, answers_2, answers_3 = ["The Hague", "Holland"], ["New York City"], ["Zoe"]
    queries = [(["the hague!", "Paris"], answers_1), (["New York", "Boston"], answers_2), (["Anna", "Zoe", "Mary"], answers_3)]
    candidates = compared(queries, tmp_path)
    logits = np.array([[9, 2], [-5, 1], [0, 3], [0, 2], [0, 1], [0, 1], [0, 1]], dtype=np.float32)
    groups = np.array([0, 0, 1, 1, 2, 2, 2])
    # Query 1 matches after normalisation, query 2 shares 2 of 2 and 3 words, query 3 is a tie that Zoe wins.
    values = scoring.score(task, logits, np.zeros(7, dtype=np.int64), groups, candidates)
    assert list(values) == ["f1", "exact_match"]
    assert values["f1"] == pytest.approx((1 + 0.8 + 1) / 3)
    assert values["exact_match"] == pytest.approx(2 / 3)
    shuffled = RANDOM.permutation(7)
    among = {name: values[shuffled] for name, values in candidates.items()}
    again = scoring.score(task, logits[shuffled], np.zeros(7), groups[shuffled], among)
    assert again == pytest.approx(values)


@pytest.mark.parametrize("key", sorted(BUILT_IN.tasks))
def test_score_gives_the_tasks_metrics_headline_first(key: str) -> None:
    task = BUILT_IN.tasks[key]
    count = 12
    groups = np.arange(count) // 3
    labels = RANDOM.integers(2, size=(count, len(task.labels)) if task.kind == "multilabel" else count)
    agreement = np.arange(count) % 2
    candidates = {"em": agreement, "f1": agreement / 2, "rank": np.arange(count)}
    logits = RANDOM.normal(size=(count, 2 if task.kind == "multiple_choice" else task.outputs)).astype(np.float32)
    values = scoring.score(task, logits, labels, groups, candidates)
    assert tuple(values) == task.metrics
    assert next(iter(values)) == task.headline
    assert all(isinstance(value, float) and -1 <= value <= 1 for value in values.values())


BY_SCIKIT_LEARN = {
    "accuracy": sklearn.metrics.accuracy_score,
    "f1": lambda labels, predicted: sklearn.metrics.f1_score(labels, predicted, zero_division=0),
    "macro_f1": lambda labels, predicted: sklearn.metrics.f1_score(labels, predicted, average="macro", zero_division=0),
    "micro_f1": lambda labels, predicted: sklearn.metrics.f1_score(labels, predicted, average="micro", zero_division=0),
    "matthews": sklearn.metrics.matthews_corrcoef,
    "pearson": lambda labels, predicted: scipy.stats.pearsonr(labels, predicted)[0],
    "spearman": lambda labels, predicted: scipy.stats.spearmanr(labels, predicted)[0],
}


@pytest.mark.parametrize("key", [key for key, task in BUILT_IN.tasks.items() if "exact_match" not in task.metrics])
@pytest.mark.parametrize("labels_are", ["mixed", "of one class", "rare"])
@pytest.mark.parametrize("logits_are", ["mixed", "constant", "tied"])
@pytest.mark.filterwarnings("ignore")
def test_scores_are_those_of_scikit_learn_and_scipy(key: str, labels_are: str, logits_are: str) -> None:
    task, count = BUILT_IN.tasks[key], 60
    outputs = 2 if task.kind == "multiple_choice" else task.outputs
    random = np.random.default_rng([len(key), len(labels_are), len(logits_are)])
    logits = {
        "mixed": random.normal(size=(count, outputs)),
        "constant": np.tile(random.normal(size=outputs), (count, 1)),
        "tied": random.integers(3, size=(count, outputs)) - 1.0,
    }[logits_are].astype(np.float32)
    if task.kind == "multilabel":
        share = {"mixed": 0.4, "of one class": 0.0, "rare": 0.01}[labels_are]
        labels = (random.random((count, outputs)) < share).astype(np.float32)
        predicted = (1 / (1 + np.exp(-logits.astype(np.float64))) > 0.5).astype(int)
    elif task.kind == "regression":
        labels = {"mixed": random.uniform(0, 5, count), "of one class": np.full(count, 2.5), "rare": np.eye(count)[0]}[
            labels_are
        ]
        labels, predicted = labels.astype(np.float32), logits[:, 0]
    else:
        labels = {"mixed": random.integers(outputs, size=count), "of one class": np.ones(count), "rare": np.eye(count)[0]}[
            labels_are
        ]
        labels, predicted = labels.astype(np.int64), logits.argmax(axis=1)
    values = scoring.score(task, logits, labels)
    assert tuple(values) == task.metrics
    for name, value in values.items():
        expected = BY_SCIKIT_LEARN[name](labels.astype(int) if task.kind == "multilabel" else labels, predicted)
        # scipy has no correlation with a constant.
        assert value == pytest.approx(0.0 if np.isnan(expected) else expected, abs=1e-6), name


def test_perfect_logits_score_one() -> None:
    labels = np.array([0, 1, 2, 1])
    task = BUILT_IN.tasks["superglue/cb"]
    assert scoring.score(task, np.eye(3)[labels], labels) == {"accuracy": 1.0, "macro_f1": 1.0}
    stsb = BUILT_IN.tasks["glue/stsb"]
    scores = np.array([0.5, 2.0, 4.5, 1.0], dtype=np.float32)
    assert scoring.score(stsb, scores[:, None], scores)["pearson"] == pytest.approx(1.0)


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_every_metric_of_every_kind_is_computed(kind: Kind) -> None:
    task = replace(BUILT_IN.tasks["toy/topics"], kind=kind.name, labels=("no", "yes"), metrics=kind.metrics)
    labels = np.array([[0, 1], [1, 0], [1, 1], [0, 0]]) if kind.name == "multilabel" else np.array([0, 1, 1, 0])
    logits = RANDOM.normal(size=(4, 1 if kind.name == "regression" else 2))
    agreement = {name: np.array([1, 0, 0, 1]) for name in FIELDS}
    values = scoring.score(task, logits, labels, np.array([0, 0, 1, 1]), agreement)
    assert tuple(values) == kind.metrics


def test_a_metric_that_the_kind_lacks_is_reported() -> None:
    task = replace(BUILT_IN.tasks["glue/stsb"], metrics=("accuracy",))
    with pytest.raises(UserError, match=r"glue/stsb has no metric 'accuracy'; regression tasks have pearson, spearman"):
        scoring.score(task, np.zeros((3, 1)), np.zeros(3))
