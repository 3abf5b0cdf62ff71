"""The order of examples, as pure functions: any step of any epoch can be resumed without replaying the ones before."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from engine.catalog.steps import steps_per_epoch

TASKS_STREAM = 0x7A5C
"""Keeps the draw of tasks apart from other draws of the same seed."""
LAST_ALPHA = 0.2
"""Exponent of the last epoch of annealed sampling; the first has 1."""


def epoch_order(count: int, seed: int, epoch: int, task: int = 0) -> np.ndarray:
    """A permutation of ``range(count)``, int64, determined by the run's seed, the number of the pass and the task's index."""
    # RandomState's stream is frozen for good, so that the same run has the same batches under any numpy.
    return np.random.RandomState([seed, epoch, task] if task else [seed, epoch]).permutation(count)


def task_chances(sizes: Sequence[int], policy: str, temperature: float, epoch: int, epochs: int) -> np.ndarray:
    """Chance of each task in a batch of the 0-based ``epoch``, float64: ``size ** alpha``, normalised.

    ``proportional``: alpha is 1 / temperature; ``sqrt``: 0.5; ``uniform``: 0; ``annealed`` (BERT and PALs): from 1 in the first
    of ``epochs`` linearly to 0.2 in the last.
    """
    progress = epoch / (epochs - 1) if epochs > 1 else 0.0
    alpha = {
        "proportional": 1 / temperature,
        "sqrt": 0.5,
        "annealed": 1 - (1 - LAST_ALPHA) * progress,
        "uniform": 0.0,
    }[policy]
    # Relative to the largest: a small temperature must not overflow.
    weights = (np.asarray(sizes, dtype=np.float64) / max(sizes)) ** alpha
    return weights / weights.sum()


@dataclass
class TaskBatches:
    """Batches of one or more tasks: one task per batch, drawn by its chance, its examples without replacement.

    A pure function of seed and step; only the latest epoch and passes are cached. Each task has its own passes over its
    examples, each in a new order, whose last batch may be short. With one task an epoch is a pass.
    """

    sizes: Sequence[int]
    """Training examples of each task."""
    batch_size: int
    seed: int
    epochs: int
    policy: str = "proportional"
    temperature: float = 1.0
    steps_per_epoch: int = 0
    """0: as many as pass over all examples once."""
    counts: Sequence[int] | None = None
    """Sizes that determine the chances, where those are not the numbers of examples."""
    _drawn: tuple[int, np.ndarray, np.ndarray] | None = field(init=False, default=None, repr=False)
    """Epoch, the task of each of its steps, and the batches that each task had before it."""
    _orders: dict[int, tuple[int, np.ndarray]] = field(init=False, default_factory=dict, repr=False)
    """By task: number and order of its newest pass."""

    def __post_init__(self) -> None:
        self.per_pass = [math.ceil(size / self.batch_size) for size in self.sizes]
        self.steps_per_epoch = steps_per_epoch(self.sizes, self.batch_size, self.steps_per_epoch)

    def at(self, step: int) -> tuple[int, np.ndarray]:
        """The task's index and the examples (int64) of the 0-based ``step``."""
        epoch, index = divmod(step, self.steps_per_epoch)
        tasks, before = self._epoch(epoch)
        task = int(tasks[index])
        batch = int(before[task] + np.count_nonzero(tasks[:index] == task))
        number, position = divmod(batch, self.per_pass[task])
        return task, self._order(task, number)[position * self.batch_size : (position + 1) * self.batch_size]

    def tasks_of(self, epoch: int) -> np.ndarray:
        """The task of each step of an epoch, int64."""
        if len(self.sizes) == 1:
            return np.zeros(self.steps_per_epoch, dtype=np.int64)
        chances = task_chances(self.counts or self.sizes, self.policy, self.temperature, epoch, self.epochs)
        random = np.random.RandomState([self.seed, epoch, TASKS_STREAM])
        return random.choice(len(self.sizes), self.steps_per_epoch, p=chances)

    def _epoch(self, epoch: int) -> tuple[np.ndarray, np.ndarray]:
        if self._drawn is None or self._drawn[0] != epoch:
            # The next epoch continues from the cached one; any other is counted from the beginning.
            first, before = 0, np.zeros(len(self.sizes), dtype=np.int64)
            if self._drawn is not None and self._drawn[0] == epoch - 1:
                first, before = epoch - 1, self._drawn[2]
            for earlier in range(first, epoch):
                before = before + np.bincount(self.tasks_of(earlier), minlength=len(self.sizes))
            self._drawn = (epoch, self.tasks_of(epoch), before)
        return self._drawn[1], self._drawn[2]

    def _order(self, task: int, number: int) -> np.ndarray:
        if task not in self._orders or self._orders[task][0] != number:
            self._orders[task] = (number, epoch_order(self.sizes[task], self.seed, number, task))
        return self._orders[task][1]
