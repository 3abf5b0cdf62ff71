"""Metrics of predicted classes as functions of counts: what each example adds, and what the sums make."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from engine.reports.significance.correlations import ratio

Finish = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""From sums of the labels ``[..., j]`` and of a run ``[..., k]`` to the metric ``[...]``."""
Parts = tuple[np.ndarray, np.ndarray]
"""What each of ``n`` examples adds to the sums: of the labels ``[n, j]``, and of a run ``[n, k]``."""


def counted(metric: str, labels: np.ndarray, predicted: Sequence[np.ndarray]) -> tuple[np.ndarray, list[np.ndarray], Finish]:
    """Parts of the labels and of each run, and how their sums make ``metric``; labels and predictions as in ``scoring``."""
    parts, finish = COUNTED[metric]
    classes = 0
    if labels.ndim == 1:
        classes = max(int(labels.max()), *(int(one.max()) for one in predicted)) + 1
    elif metric == "macro_f1":
        finish = _mean_f1
    each = [parts(labels, one, classes) for one in predicted]
    return each[0][0], [own for _, own in each], finish


def _accuracy(labels: np.ndarray, predicted: np.ndarray, classes: int) -> Parts:
    right = labels == predicted
    return np.ones((len(labels), 1)), (right if right.ndim == 1 else right.all(axis=1))[:, None]


def _positive_class(labels: np.ndarray, predicted: np.ndarray, classes: int) -> Parts:
    return _per_class((labels == 1)[:, None], (predicted == 1)[:, None])


def _every_class(labels: np.ndarray, predicted: np.ndarray, classes: int) -> Parts:
    if labels.ndim == 2:
        return _per_class(labels == 1, predicted == 1)
    return _per_class(labels[:, None] == np.arange(classes), predicted[:, None] == np.arange(classes))


def _per_class(positive: np.ndarray, chosen: np.ndarray) -> Parts:
    """Of booleans ``[n, classes]``: the positive ones, and those chosen rightly and at all."""
    return positive, np.concatenate([positive & chosen, chosen], axis=1)


def _matthews(labels: np.ndarray, predicted: np.ndarray, classes: int) -> Parts:
    every = np.arange(classes)
    ones = np.ones((len(labels), 1), dtype=bool)
    own = [(labels == predicted)[:, None], predicted[:, None] == every]
    return np.concatenate([ones, labels[:, None] == every], axis=1), np.concatenate(own, axis=1)


def mean_of(labels: np.ndarray, run: np.ndarray) -> np.ndarray:
    """Of what counts once for each unit."""
    return run[..., 0] / labels[..., 0]


def _each_f1(labels: np.ndarray, run: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """F1 by class, and what occurs or is predicted of it."""
    both, chosen = np.split(run, 2, axis=-1)
    either = labels + chosen
    return 2 * both / np.maximum(either, 1), either


def _mean_f1(labels: np.ndarray, run: np.ndarray) -> np.ndarray:
    """Over all labels, whether or not they occur."""
    return _each_f1(labels, run)[0].mean(axis=-1)


def _macro_f1(labels: np.ndarray, run: np.ndarray) -> np.ndarray:
    """Over the classes that occur or are predicted."""
    values, either = _each_f1(labels, run)
    return values.sum(axis=-1) / (either > 0).sum(axis=-1)


def _micro_f1(labels: np.ndarray, run: np.ndarray) -> np.ndarray:
    """Over all decisions together."""
    both, chosen = np.split(run, 2, axis=-1)
    return 2 * both.sum(axis=-1) / np.maximum((labels + chosen).sum(axis=-1), 1)


def _matthews_of(labels: np.ndarray, run: np.ndarray) -> np.ndarray:
    """Gorodkin 2004, as ``engine.metrics.scoring.matthews``."""
    count, label_counts, right, chosen = labels[..., 0], labels[..., 1:], run[..., 0], run[..., 1:]
    covariance = right * count - (label_counts * chosen).sum(axis=-1)
    spread_of_labels = count**2 - (label_counts**2).sum(axis=-1)
    return ratio(covariance, spread_of_labels * (count**2 - (chosen**2).sum(axis=-1)), count**0)


COUNTED: dict[str, tuple[Callable[[np.ndarray, np.ndarray, int], Parts], Finish]] = {
    "accuracy": (_accuracy, mean_of),
    "f1": (_positive_class, _mean_f1),
    "macro_f1": (_every_class, _macro_f1),
    "micro_f1": (_every_class, _micro_f1),
    "matthews": (_matthews, _matthews_of),
}
