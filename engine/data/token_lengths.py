"""Lengths of rows in a backbone's tokens, before anything is cut."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from engine.catalog.task import TaskInfo
from engine.data.templates import render
from engine.data.tokenizer import BackboneTokenizer

ROWS_AT_ONCE = 4096
NO_LIMIT = 1 << 30
"""More tokens than a text has."""


def token_lengths(task: TaskInfo, tokenizer: BackboneTokenizer, table: pa.Table) -> np.ndarray:
    """Tokens of the texts of each row, special ones included, once for each of its options: int64 ``[rows, options]``."""
    lengths: list[np.ndarray] = []
    for start in range(0, table.num_rows, ROWS_AT_ONCE):
        rendered = render(task, table.slice(start, ROWS_AT_ONCE))
        encoded = tokenizer.encode(rendered.sequences, NO_LIMIT, task.truncate)
        lengths.append(encoded["lengths"].reshape(-1, rendered.options))
        tokenizer.forget()
    return np.concatenate(lengths)
