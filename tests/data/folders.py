"""Folders of rows and of the token cache, and when two prepared tasks are the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from engine.data.batches import Batch, gather
from engine.data.prepared import TaskData
from engine.data.tokenized_split import TokenizedSplit


def entries(cache: Path) -> list[Path]:
    return sorted(path for path in cache.iterdir() if path.is_dir())


def same(first: TaskData, second: TaskData) -> bool:
    return all(np.array_equal(rows, second.rows[part]) for part, rows in first.rows.items()) and all(
        np.array_equal(getattr(whole(split), name), getattr(whole(second.splits[key]), name))
        for key, split in first.splits.items()
        for name in ("tokens", "lengths", "segments", "labels")
    )


def whole(split: TokenizedSplit) -> Batch:
    return gather(split, np.arange(len(split)))


def part(data_dir: Path, folder: Path, config: str, **counts: int) -> None:
    """The first rows of each split as a data directory of its own."""
    (folder / config).mkdir(parents=True, exist_ok=True)
    for split, count in counts.items():
        pq.write_table(
            pq.read_table(data_dir / config / f"{split}.parquet").slice(0, count), folder / config / f"{split}.parquet"
        )
