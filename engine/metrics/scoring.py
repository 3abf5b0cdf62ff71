"""The tasks' metrics in numpy; scikit-learn's and scipy's definitions, which the published numbers use.

Values lie in 0..1, correlations in -1..1. Where a definition divides by zero the value is 0: an F1 without any positive, the
Matthews correlation of constant predictions, Pearson and Spearman of a constant.
"""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.catalog.task import TaskInfo
from engine.errors import UserError

PUNCTUATION = str.maketrans("", "", string.punctuation)


@dataclass(frozen=True)
class Predictions:
    """What a metric may look at; ``n`` examples."""

    logits: np.ndarray
    """``[n, outputs]``"""
    labels: np.ndarray
    """int ``[n]``, float ``[n]`` (regression) or 0/1 ``[n, labels]`` (multi-label)"""
    predicted: np.ndarray
    """Of the labels' shape: classes, values, or 0/1 per label."""
    groups: np.ndarray | None
    references: Sequence[Any] | None


def score(
    task: TaskInfo,
    logits: np.ndarray,
    labels: np.ndarray,
    groups: np.ndarray | None = None,
    references: Sequence[Any] | None = None,
) -> dict[str, float]:
    """All of the task's metrics, headline first.

    ``logits`` ``[n, outputs]``; ``labels``, ``groups`` and ``references`` as a ``TokenizedSplit`` of ``n`` examples has them.
    Raises UserError for a metric that the task's kind does not have.
    """
    known = METRICS[task.kind]
    if unknown := [name for name in task.metrics if name not in known]:
        raise UserError(f"{task.key} has no metric {unknown[0]!r}; {task.kind} tasks have {', '.join(known)}")
    predictions = Predictions(logits, labels, _predicted(task.kind, logits), groups, references)
    return {name: float(known[name](predictions)) for name in task.metrics}


def _predicted(kind: str, logits: np.ndarray) -> np.ndarray:
    if kind == "regression":
        return logits.reshape(len(logits)).astype(np.float64)
    if kind == "multilabel":
        return (logits > 0).astype(np.int64)  # the sigmoid is above 0.5
    return logits.argmax(axis=1)


def accuracy(labels: np.ndarray, predicted: np.ndarray) -> float:
    """Share of examples that are right; of a multi-label example, in all labels."""
    right = labels == predicted
    return float((right if right.ndim == 1 else right.all(axis=1)).mean())


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
    truth = (labels[:, None] == classes).sum(axis=0, dtype=np.float64)
    guess = (predicted[:, None] == classes).sum(axis=0, dtype=np.float64)
    count = float(len(labels))
    numerator = (labels == predicted).sum() * count - truth @ guess
    spread = (count**2 - guess @ guess) * (count**2 - truth @ truth)
    return float(numerator / np.sqrt(spread)) if spread > 0 else 0.0


def pearson(labels: np.ndarray, predicted: np.ndarray) -> float:
    """Pearson correlation."""
    if len(labels) < 2 or np.ptp(labels) == 0 or np.ptp(predicted) == 0:
        return 0.0
    one = labels.astype(np.float64) - labels.mean(dtype=np.float64)
    two = predicted.astype(np.float64) - predicted.mean(dtype=np.float64)
    return float(np.clip(one @ two / (np.linalg.norm(one) * np.linalg.norm(two)), -1.0, 1.0))


def spearman(labels: np.ndarray, predicted: np.ndarray) -> float:
    """Pearson correlation of the ranks; equal values share the mean of their ranks."""
    return pearson(_ranks(labels), _ranks(predicted))


def _ranks(values: np.ndarray) -> np.ndarray:
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return (last - (counts - 1) / 2)[place]


def grouped_exact_match(labels: np.ndarray, predicted: np.ndarray, groups: np.ndarray) -> float:
    """Share of groups (MultiRC: questions) whose examples are all right."""
    _, place = np.unique(groups, return_inverse=True)
    wrong = np.bincount(place, weights=labels != predicted)
    return float((wrong == 0).mean())


def best_candidates(logits: np.ndarray, groups: np.ndarray, references: Sequence[Any]) -> list[tuple[str, list[str]]]:
    """Per group (ReCoRD: query) the candidate with the highest logit of class 1, with the query's answers.

    Of equal logits the candidate that comes last in the alphabet wins, as in the official evaluation.
    """
    best: dict[int, tuple[float, str, list[str]]] = {}
    for group, logit, (candidate, answers) in zip(groups.tolist(), logits[:, 1].tolist(), references, strict=True):
        if group not in best or (logit, candidate) > best[group][:2]:
            best[group] = (logit, candidate, answers)
    return [(candidate, answers) for _, candidate, answers in best.values()]


def normalized(text: str) -> str:
    """SQuAD's: lower case without punctuation, articles and extra blanks."""
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", text.lower().translate(PUNCTUATION)).split())


def answer_exact_match(candidate: str, answer: str) -> float:
    return float(normalized(candidate) == normalized(answer))


def answer_f1(candidate: str, answer: str) -> float:
    """F1 of the words that two texts share."""
    one, two = normalized(candidate).split(), normalized(answer).split()
    shared = sum((Counter(one) & Counter(two)).values())
    return 2 * shared / (len(one) + len(two)) if shared else 0.0


def _answers(compare: Callable[[str, str], float]) -> Callable[[Predictions], float]:
    """Mean over queries of the best agreement between the chosen candidate and an answer."""

    def value(given: Predictions) -> float:
        if given.groups is None or given.references is None:
            raise ValueError("ranking metrics need the split's groups and references")
        chosen = best_candidates(given.logits, given.groups, given.references)
        return float(np.mean([max(compare(candidate, answer) for answer in answers) for candidate, answers in chosen]))

    return value


def _exact_match(given: Predictions) -> float:
    if given.groups is None:
        raise ValueError("exact_match needs the split's groups")
    return grouped_exact_match(given.labels, given.predicted, given.groups)


def _of(metric: Callable[[np.ndarray, np.ndarray], float]) -> Callable[[Predictions], float]:
    return lambda given: metric(given.labels, given.predicted)


METRICS: dict[str, dict[str, Callable[[Predictions], float]]] = {
    "classification": {
        "accuracy": _of(accuracy),
        "f1": _of(f1),
        "macro_f1": _of(macro_f1),
        "matthews": _of(matthews),
        "exact_match": _exact_match,
    },
    "regression": {"pearson": _of(pearson), "spearman": _of(spearman)},
    "multiple_choice": {"accuracy": _of(accuracy)},
    "multilabel": {"macro_f1": _of(macro_f1), "micro_f1": _of(micro_f1), "accuracy": _of(accuracy)},
    "entity_ranking": {"f1": _answers(answer_f1), "exact_match": _answers(answer_exact_match)},
}
"""By the task's kind, then by the name that the catalog uses."""
