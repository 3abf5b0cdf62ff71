"""Logits as answers: labels and probabilities, or values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from engine.catalog.task import TaskInfo


def answers_of(task: TaskInfo, logits: np.ndarray) -> Iterator[dict[str, Any]]:
    """What float32 ``logits`` ``[examples, outputs]`` say of each example: ``value`` of a regression; ``labels`` and
    ``probabilities`` of a multi-label task; of any other ``label``, its ``score``, and the ``probabilities`` of all labels."""
    if task.kind == "regression":
        return ({"value": number(value)} for value in logits[:, 0])
    if task.kind == "multilabel":
        return (_several(task, row) for row in logits)
    return (_single(task, index, row) for index, row in zip(logits.argmax(axis=1), softmax(logits), strict=True))


def gold_of(task: TaskInfo, labels: np.ndarray) -> list[Any]:
    """Labels, as a ``TokenizedSplit`` has them, in the form of answers: names, lists of names or values."""
    if task.kind == "regression":
        return [number(value) for value in labels]
    if task.kind == "multilabel":
        return [[name for name, holds in zip(task.labels, row, strict=True) if holds] for row in labels]
    return [task.labels[index] for index in labels]


def softmax(logits: np.ndarray) -> np.ndarray:
    """Softmax of each row of ``[rows, outputs]``, in float64."""
    shifted = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    return shifted / shifted.sum(axis=1, keepdims=True)


def number(value: Any) -> float:
    """The shortest decimal that is the same float32."""
    return float(str(np.float32(value)))


def _single(task: TaskInfo, index: int, probabilities: np.ndarray) -> dict[str, Any]:
    return {"label": task.labels[index], "score": number(probabilities[index]), "probabilities": _named(task, probabilities)}


def _several(task: TaskInfo, logits: np.ndarray) -> dict[str, Any]:
    chosen = [label for label, logit in zip(task.labels, logits, strict=True) if logit > 0]
    return {"labels": chosen, "probabilities": _named(task, 1 / (1 + np.exp(-logits.astype(np.float64))))}


def _named(task: TaskInfo, probabilities: Sequence[float] | np.ndarray) -> dict[str, float]:
    return {label: number(value) for label, value in zip(task.labels, probabilities, strict=True)}
