"""The dev split: a tenth of the official training split, the same for every run whatever its seed.

The rows are those of ``datasets``' ``train_test_split(test_size=0.1, seed=42)``, which the papers' code calls. They are
computed here because that function reads labels row by row (19 s for MNLI); a test compares the two.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.random import Generator, default_rng

from engine.catalog.steps import DEV_SHARE
from engine.catalog.task import OwnData, TaskInfo
from engine.errors import UserError

SPLIT_SEED = 42


def parts_of_train(task: TaskInfo, labels: np.ndarray, passages: np.ndarray | None = None) -> dict[str, np.ndarray]:
    """Rows of the official training split by the split that they become, int64 numbers; empty where all are ``train``.

    ``labels`` ``[rows]``, ``passages`` int64 ``[rows]`` of tasks whose rows share passages or belong to groups. Raises
    UserError for too few rows.
    """
    if isinstance(task.data, OwnData):
        return _declared_parts(task, task.data, labels, passages)
    return {} if task.dev else train_and_dev(task, labels, passages)


def _declared_parts(task: TaskInfo, data: OwnData, labels: np.ndarray, groups: np.ndarray | None) -> dict[str, np.ndarray]:
    """``test`` is drawn first, then ``dev`` from the rest: by group, or stratified wherever every class has enough rows."""
    rows = np.arange(len(labels))
    parts: dict[str, np.ndarray] = {}
    for name, share in (("test", data.test_share), ("dev", data.dev_share)):
        if not share:
            continue
        if math.ceil(share * len(rows)) >= len(rows):
            raise UserError(f"{task.key}: the training file is too small to set {share:g} of it aside as {name}; add rows")
        balanced = task.stratify and _can_stratify(labels[rows], share)
        if groups is not None:
            rest, drawn = grouped_part(groups[rows], share)
        else:
            rest, drawn = stratified_part(labels[rows], share) if balanced else plain_part(len(rows), share)
        if not len(drawn):
            raise UserError(
                f"{task.key}: no group has as few rows as {name} = {share:g} has room for; raise it, or leave out group"
            )
        parts[name], rows = rows[drawn], rows[rest]
    return {"train": rows, **parts} if parts else {}


def train_and_dev(task: TaskInfo, labels: np.ndarray, passages: np.ndarray | None = None) -> dict[str, np.ndarray]:
    """Rows of the official training split that are ``train`` and ``dev``: int64 indices.

    ``labels`` ``[rows]``; ``passages`` int64 ``[rows]`` where rows share one. Those are split by passage: rows of one question
    must stay together for its exact match to mean anything, and a dev passage seen in training makes the dev loss too good.
    Raises UserError for too few rows.
    """
    if passages is not None:
        train, dev = grouped_part(passages)
        _require(task, min(len(train), len(dev)) > 0)
    elif task.stratify:
        _require(task, _can_stratify(labels, DEV_SHARE))
        train, dev = stratified_part(labels)
    else:
        _require(task, len(labels) > 1)
        train, dev = plain_part(len(labels))
    return {"train": train, "dev": dev}


def grouped_part(groups: np.ndarray, share: float = DEV_SHARE) -> tuple[np.ndarray, np.ndarray]:
    """Two parts of ``range(len(groups))``, int64, each sorted, that share no group (int64 ``[rows]``).

    Groups are shuffled, and each goes to the second part while that holds no more than ``share`` of the rows, rounded up.
    """
    sizes = np.bincount(groups)
    room = math.ceil(share * len(groups))
    chosen = []
    for group in default_rng(SPLIT_SEED).permutation(len(sizes)):
        if sizes[group] <= room:
            chosen.append(group)
            room -= int(sizes[group])
    in_part = np.isin(groups, chosen)
    return np.flatnonzero(~in_part), np.flatnonzero(in_part)


def numbered(names: list[Any]) -> np.ndarray:
    """Equal names get equal numbers, from 0 in the order of their first appearance: int64 ``[len(names)]``."""
    numbers: dict[Any, int] = {}
    return np.array([numbers.setdefault(name, len(numbers)) for name in names], dtype=np.int64)


def _can_stratify(labels: np.ndarray, share: float) -> bool:
    """Whether both parts can have rows of every class."""
    counts = np.bincount(labels)
    counts = counts[counts > 0]
    return bool(counts.min() > 1 and math.ceil(share * len(labels)) >= len(counts))


def plain_part(count: int, share: float = DEV_SHARE) -> tuple[np.ndarray, np.ndarray]:
    """Two parts of ``range(count)``, int64, shuffled, the second ``share`` of it, rounded up."""
    order = default_rng(SPLIT_SEED).permutation(count)
    dev_count = math.ceil(share * count)
    return order[dev_count:], order[:dev_count]


def stratified_part(labels: np.ndarray, share: float = DEV_SHARE) -> tuple[np.ndarray, np.ndarray]:
    """Two shuffled parts of ``range(len(labels))``, int64, of equal class balance, the second ``share`` of it, rounded up."""
    random = default_rng(SPLIT_SEED)
    dev_count = math.ceil(share * len(labels))
    # The first np.unique of a process imports numpy.ma, which takes longer than all other work here.
    members = [np.flatnonzero(labels == label) for label in np.flatnonzero(np.bincount(labels))]
    sizes = np.array([len(rows) for rows in members])
    train_sizes = _shares(sizes, len(labels) - dev_count, random)
    dev_sizes = _shares(sizes - train_sizes, dev_count, random)
    shuffled = [rows[random.permutation(len(rows))] for rows in members]
    train = np.concatenate([rows[:size] for rows, size in zip(shuffled, train_sizes, strict=True)])
    parts = zip(shuffled, train_sizes, dev_sizes, strict=True)
    dev = np.concatenate([rows[size : size + more] for rows, size, more in parts])
    return random.permutation(train), random.permutation(dev)


def _shares(sizes: np.ndarray, draws: int, random: Generator) -> np.ndarray:
    """How many of ``draws`` each class gets: in proportion to ``sizes``, the rest by largest remainder."""
    exact = draws * sizes / sizes.sum()
    shares = np.floor(exact)
    remainders = exact - shares
    missing = int(draws - shares.sum())
    for remainder in sorted(set(remainders.tolist()), reverse=True):
        if missing <= 0:
            break
        tied = np.flatnonzero(remainders == remainder)
        chosen = random.choice(tied, size=min(len(tied), missing), replace=False)
        shares[chosen] += 1
        missing -= len(chosen)
    return shares.astype(np.int64)


def _require(task: TaskInfo, enough: bool) -> None:
    if not enough:
        raise UserError(f"{task.key}: the training split is too small to set a tenth of every class aside; give it more rows")
