"""How many examples and optimiser steps a run has: one formula for the plan and for the training."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from engine.catalog.kinds import KINDS
from engine.catalog.task import OwnData, TaskInfo

DEV_SHARE = 0.1
"""Share of the official training split of a built-in task that is dev, where no official split is."""


def steps_per_epoch(examples: Sequence[int], batch_size: int, fixed: int = 0) -> int:
    """Optimiser steps of an epoch: ``fixed``, or for 0 as many as pass over all examples of each task once."""
    return fixed or sum(math.ceil(count / batch_size) for count in examples)


def training_examples(
    task: TaskInfo, read: Mapping[str, int], limit: int | None = None, shots: int | None = None
) -> int | None:
    """Examples of ``task`` that a run with these bounds trains on, by the rows of each official split that were ``read``.

    Without any, by those that the task declares. None where that cannot be known before the rows are read.
    """
    rows = _training_rows(task, read)
    if rows is None:
        return None
    bounds = [bound for bound in (limit, shots) if bound]
    if bounds and min(bounds) <= rows:
        return min(bounds)
    return None if KINDS[task.kind].ranks_candidates else rows


def _training_rows(task: TaskInfo, read: Mapping[str, int]) -> int | None:
    rows = read.get("train")
    if rows is None or rows == task.official_sizes.get("train"):
        return task.split_sizes["train"] or None
    shares, grouped = [0.0 if task.dev else DEV_SHARE], task.dev_size is not None
    if isinstance(task.data, OwnData):
        shares, grouped = [task.data.test_share, task.data.dev_share], bool(task.data.group)
    for share in filter(None, shares):
        if grouped:
            # Whole groups are drawn, of sizes that only the rows have.
            return None
        rows -= math.ceil(share * rows)
    return rows
