"""The dev split: a tenth of the official training split, the same for every run whatever its seed.

The rows are those of ``datasets``' ``train_test_split(test_size=0.1, seed=42)``, which the papers' code calls. They are
computed here because that function reads labels row by row (19 s for MNLI); a test holds the two equal.
"""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa

from engine.catalog.task import TaskInfo
from engine.data.loading import labels_of
from engine.data.templates import PASSAGE_INDEX
from engine.errors import UserError

DEV_SHARE = 0.1
SPLIT_SEED = 42


def train_and_dev(task: TaskInfo, table: pa.Table) -> dict[str, np.ndarray]:
    """Rows of the official training split that are ``train`` and ``dev``: int64 indices.

    Tasks whose rows share a passage are split by passage: rows of one question must stay together for its exact match to mean
    anything, and a dev passage seen in training makes the dev loss too good. Raises UserError for too few rows.
    """
    if field := PASSAGE_INDEX.get(task.template):
        passages = np.array([index[field] for index in table["idx"].to_pylist()])
        names, row_passage = np.unique(passages, return_inverse=True)
        _need(task, len(names) > 1)
        in_dev = np.isin(row_passage, plain_tenth(len(names))[1])
        return {"train": np.flatnonzero(~in_dev), "dev": np.flatnonzero(in_dev)}
    if not task.stratify:
        _need(task, table.num_rows > 1)
        train, dev = plain_tenth(table.num_rows)
        return {"train": train, "dev": dev}
    labels = labels_of(task, table)
    counts = np.unique(labels, return_counts=True)[1]
    _need(task, counts.min() > 1 and math.ceil(DEV_SHARE * len(labels)) >= len(counts))
    train, dev = stratified_tenth(labels)
    return {"train": train, "dev": dev}


def plain_tenth(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Two parts of ``range(count)``, the second a tenth, rounded up."""
    order = np.random.default_rng(SPLIT_SEED).permutation(count)
    dev_count = math.ceil(DEV_SHARE * count)
    return order[dev_count:], order[:dev_count]


def stratified_tenth(labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two parts of ``range(len(labels))`` with the same class balance, the second a tenth, rounded up."""
    random = np.random.default_rng(SPLIT_SEED)
    dev_count = math.ceil(DEV_SHARE * len(labels))
    _, classes, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    members = np.split(np.argsort(classes, kind="stable"), np.cumsum(sizes)[:-1])
    train_sizes = _shares(sizes, len(labels) - dev_count, random)
    dev_sizes = _shares(sizes - train_sizes, dev_count, random)
    shuffled = [rows[random.permutation(len(rows))] for rows in members]
    train = np.concatenate([rows[:size] for rows, size in zip(shuffled, train_sizes, strict=True)])
    parts = zip(shuffled, train_sizes, dev_sizes, strict=True)
    dev = np.concatenate([rows[size : size + more] for rows, size, more in parts])
    return random.permutation(train), random.permutation(dev)


def _shares(sizes: np.ndarray, draws: int, random: np.random.Generator) -> np.ndarray:
    """How many of ``draws`` fall on each class: in proportion, what rounding leaves to the largest remainders."""
    exact = draws * sizes / sizes.sum()
    shares = np.floor(exact)
    remainders = exact - shares
    missing = int(draws - shares.sum())
    for remainder in np.unique(remainders)[::-1]:
        if missing <= 0:
            break
        tied = np.flatnonzero(remainders == remainder)
        chosen = random.choice(tied, size=min(len(tied), missing), replace=False)
        shares[chosen] += 1
        missing -= len(chosen)
    return shares.astype(np.int64)


def _need(task: TaskInfo, enough: bool) -> None:
    if not enough:
        raise UserError(f"{task.key}: the training split is too small to set a tenth of every class aside; give it more rows")
