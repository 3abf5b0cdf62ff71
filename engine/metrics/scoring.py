"""The tasks' metrics in numpy; scikit-learn's and scipy's definitions, which the published numbers use.

Values lie in 0..1, correlations in -1..1. Where a definition divides by zero the value is 0: an F1 without any positive, the
Matthews correlation of constant predictions, Pearson and Spearman of a constant.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from engine.catalog.kinds import KINDS
from engine.catalog.task import TaskInfo
from engine.errors import UserError


@dataclass(frozen=True)
class Predictions:
    """All that a metric may read of ``n`` examples."""

    logits: np.ndarray
    """``[n, outputs]``"""
    labels: np.ndarray
    """int ``[n]``, float ``[n]`` (regression) or 0/1 ``[n, labels]`` (multi-label)"""
    predicted: np.ndarray
    """Of the labels' shape: classes, values, or 0/1 per label."""
    groups: np.ndarray | None
    """int ``[n]``: the question or query of each example, where metrics are over those."""
    candidates: Mapping[str, np.ndarray] | None
    """Of a ranking: each ``[n]``, ``em`` and ``f1``, the agreement of each example with an answer, and its ``rank`` in the
    alphabet among those of its group."""


def score(
    task: TaskInfo,
    logits: np.ndarray,
    labels: np.ndarray,
    groups: np.ndarray | None = None,
    candidates: Mapping[str, np.ndarray] | None = None,
) -> dict[str, float]:
    """All of the task's metrics, headline first.

    ``logits`` ``[n, outputs]``; ``labels``, ``groups`` and ``candidates`` as a ``TokenizedSplit`` of ``n`` examples has them.
    Raises UserError for a metric that the task's kind does not have.
    """
    kind = KINDS[task.kind]
    if unknown := [name for name in task.metrics if name not in kind.metrics]:
        raise UserError(f"{task.key} has no metric {unknown[0]!r}; {task.kind} tasks have {', '.join(kind.metrics)}")
    metrics = RANKING_METRICS if kind.ranks_candidates else METRICS
    predictions = Predictions(logits, labels, predicted_of(task.kind, logits), groups, candidates)
    return {name: float(metrics[name](predictions)) for name in task.metrics}


def predicted_of(kind: str, logits: np.ndarray) -> np.ndarray:
    """What ``logits`` ``[n, outputs]`` say of ``n`` examples of a task of this kind: ``Predictions.predicted``."""
    if kind == "regression":
        return logits.reshape(len(logits)).astype(np.float64)
    if kind == "multilabel":
        return (logits > 0).astype(np.int64)  # the sigmoid is above 0.5
    return logits.argmax(axis=1)


def accuracy(labels: np.ndarray, predicted: np.ndarray) -> float:
    """Share of examples predicted correctly; of a multi-label task, in all labels."""
    correct = labels == predicted
    return float((correct if correct.ndim == 1 else correct.all(axis=1)).mean())


def f1(labels: np.ndarray, predicted: np.ndarray) -> float:
    """F1 of class 1 of two."""
    return float(_f1_of(labels == 1, predicted == 1))


def macro_f1(labels: np.ndarray, predicted: np.ndarray) -> float:
    """Mean F1 over the classes that occur or are predicted, or over all labels of a multi-label task."""
    if labels.ndim == 2:
        return float(_f1_of(labels == 1, predicted == 1).mean())
    classes = np.union1d(labels, predicted)
    return float(_f1_of(labels[:, None] == classes, predicted[:, None] == classes).mean())


def micro_f1(labels: np.ndarray, predicted: np.ndarray) -> float:
    """F1 over all decisions of a multi-label task together."""
    return float(_f1_of((labels == 1).ravel(), (predicted == 1).ravel()))


def _f1_of(positive: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """F1 along the first axis of two boolean arrays."""
    both = (positive & predicted).sum(axis=0)
    either = positive.sum(axis=0) + predicted.sum(axis=0)
    return 2 * both / np.maximum(either, 1)


def matthews(labels: np.ndarray, predicted: np.ndarray) -> float:
    """Matthews correlation of two or more classes (Gorodkin 2004)."""
    classes = np.union1d(labels, predicted)
    label_counts = (labels[:, None] == classes).sum(axis=0, dtype=np.float64)
    predicted_counts = (predicted[:, None] == classes).sum(axis=0, dtype=np.float64)
    count = float(len(labels))
    numerator = (labels == predicted).sum() * count - label_counts @ predicted_counts
    variances = (count**2 - predicted_counts @ predicted_counts) * (count**2 - label_counts @ label_counts)
    return float(numerator / np.sqrt(variances)) if variances > 0 else 0.0


def pearson(labels: np.ndarray, predicted: np.ndarray) -> float:
    """Pearson correlation."""
    if len(labels) < 2 or np.ptp(labels) == 0 or np.ptp(predicted) == 0:
        return 0.0
    x = labels.astype(np.float64) - labels.mean(dtype=np.float64)
    y = predicted.astype(np.float64) - predicted.mean(dtype=np.float64)
    return float(np.clip(x @ y / (np.linalg.norm(x) * np.linalg.norm(y)), -1.0, 1.0))


def spearman(labels: np.ndarray, predicted: np.ndarray) -> float:
    """Pearson correlation of the ranks; equal values share the mean of their ranks."""
    return pearson(ranks_of(labels), ranks_of(predicted))


def ranks_of(values: np.ndarray) -> np.ndarray:
    """Ranks from 1 of ``[n]`` values; equal ones share the mean of theirs."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return (last - (counts - 1) / 2)[inverse]


def grouped_exact_match(labels: np.ndarray, predicted: np.ndarray, groups: np.ndarray) -> float:
    """Share of groups (MultiRC: questions) whose examples are all predicted correctly."""
    _, inverse = np.unique(groups, return_inverse=True)
    wrong = np.bincount(inverse, weights=labels != predicted)
    return float((wrong == 0).mean())


def best_candidates(logits: np.ndarray, groups: np.ndarray, rank: np.ndarray) -> np.ndarray:
    """The example of each group (ReCoRD: query) with the highest logit of class 1: int64 indices, ordered by group.

    ``logits`` ``[n, 2]``, ``groups`` int ``[n]``, ``rank`` int ``[n]``: the candidates' places in alphabetical order. Of
    candidates with equal logits the last one in that order wins, as in the official evaluation.
    """
    order = np.lexsort((rank, logits[:, 1], groups))
    return order[np.flatnonzero(np.append(np.diff(groups[order]) != 0, True))]


def _of_best(field: str) -> Callable[[Predictions], float]:
    """Mean over queries of the agreement between the highest-ranked candidate and an answer."""

    def metric(predictions: Predictions) -> float:
        if predictions.groups is None or predictions.candidates is None:
            raise ValueError("ranking metrics need the split's groups and candidates")
        best = best_candidates(predictions.logits, predictions.groups, predictions.candidates["rank"])
        return float(predictions.candidates[field][best].mean(dtype=np.float64))

    return metric


def _exact_match(predictions: Predictions) -> float:
    if predictions.groups is None:
        raise ValueError("exact_match needs the split's groups")
    return grouped_exact_match(predictions.labels, predictions.predicted, predictions.groups)


def _of(metric: Callable[[np.ndarray, np.ndarray], float]) -> Callable[[Predictions], float]:
    return lambda predictions: metric(predictions.labels, predictions.predicted)


METRICS: dict[str, Callable[[Predictions], float]] = {
    "accuracy": _of(accuracy),
    "f1": _of(f1),
    "macro_f1": _of(macro_f1),
    "micro_f1": _of(micro_f1),
    "matthews": _of(matthews),
    "exact_match": _exact_match,
    "pearson": _of(pearson),
    "spearman": _of(spearman),
}
"""By the name that tasks use; which kinds have which is in ``engine.catalog.kinds``."""
RANKING_METRICS = {"f1": _of_best("f1"), "exact_match": _of_best("em")}
"""Those of kinds that rank candidates."""
