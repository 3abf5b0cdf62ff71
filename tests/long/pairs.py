"""Pairs of methods that are equally good, simulated by the thousand and measured by the product's own code."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from engine.catalog.catalog import BUILT_IN
from engine.reports.significance.examples import Examples
from engine.reports.significance.measured import Contrast, Measured

ENTRIES = 1_000_000
"""Answers that are in memory at once."""


@dataclass(frozen=True)
class World:
    """How examples, methods and seeds make answers: parts of the variance of what decides an answer (a probit model).

    Answers of two seeds of a method correlate by ``example + method``, those of two methods by ``example``.
    """

    task: str
    count: int
    example: float = 0.8
    method: float = 0.1
    seed_effect: float = 0.0
    """Standard deviation of what a seed adds to all examples."""
    easy: float = 1.0
    """What is added to all answers of all methods."""
    positive: float = 0.5
    """Share of examples of class 1."""
    cluster_size: int = 1
    of_cluster: float = 0.0
    """Share of the parts ``example`` and ``method`` that a cluster of examples has in common."""
    resampled_size: int | None = None
    """Size of the clusters that tests resample; None for that of the real ones."""
    metric: str = ""


def pairs(world: World, number: int, seeds: int) -> Iterator[Contrast]:
    """``number`` of them, with so many seeds of both methods."""
    random, batch = np.random.default_rng(1), max(1, ENTRIES // (2 * seeds * world.count))
    for start in range(0, number, batch):
        of_batch = min(batch, number - start)
        on = _measured(world, of_batch, seeds, random)
        for pair in range(of_batch):
            first = 2 * seeds * pair
            yield Contrast(on, range(first, first + seeds), range(first + seeds, first + 2 * seeds))


def rate(world: World, test: Callable[[Contrast], float], number: int, seeds: int) -> float:
    """How often ``test`` has p below 5% though nothing differs."""
    return sum(test(pair) <= 0.05 for pair in pairs(world, number, seeds)) / number


def _measured(world: World, pairs: int, seeds: int, random: np.random.Generator) -> Measured:
    task, count = BUILT_IN.tasks[world.task], world.count
    own = 1 - world.example - world.method
    effects = (
        np.sqrt(world.example) * _shared(world, (pairs, 1, 1), random)
        + np.sqrt(world.method) * _shared(world, (pairs, 2, 1), random)
        + np.sqrt(own) * random.standard_normal((pairs, 2, seeds, count), dtype=np.float32)
        + world.seed_effect * random.standard_normal((pairs, 2, seeds, 1), dtype=np.float32)
    ).reshape(-1, count)
    rows = {"group": np.arange(count) // 5} if "exact_match" in task.metrics else {}
    if task.kind == "regression":
        labels = random.standard_normal(count).astype(np.float32)
        logits = (1.8 * labels + effects)[:, :, None]
    else:
        labels = (random.random(count) < world.positive).astype(np.int64)
        right = effects + world.easy
        logits = np.stack([np.where(labels, -right, right), np.where(labels, right, -right)], axis=2)
    clusters = np.arange(count) // (world.resampled_size or world.cluster_size)
    examples = Examples({"label": labels, **rows}, clusters, logits, int(random.integers(2**32)))
    return Measured(task, world.metric or task.headline, examples, list(range(seeds)) * 2 * pairs)


def _shared(world: World, shape: tuple[int, int, int], random: np.random.Generator) -> np.ndarray:
    """Standard normal ``[*shape, count]`` of which examples of a cluster have a part in common."""
    clusters = -(-world.count // world.cluster_size)
    common = random.standard_normal((*shape, clusters), dtype=np.float32).repeat(world.cluster_size, axis=-1)
    alone = random.standard_normal((*shape, world.count), dtype=np.float32)
    return np.sqrt(world.of_cluster) * common[..., : world.count] + np.sqrt(1 - world.of_cluster) * alone
