"""Rows to the arrays of a cache entry, a few thousand at a time, so that the texts of a split are never all in memory.

Files are written sequentially: a full disk raises an error here, where a mapped file would kill the process.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa

from engine.catalog.task import TaskInfo
from engine.data.candidates import CandidatesWriter
from engine.data.labels import labels_of
from engine.data.ragged import GrowableArray, offsets_of, save
from engine.data.row_identity import RowIdentities
from engine.data.splits import numbered
from engine.data.templates import Rendered, render
from engine.data.tokenizer import BackboneTokenizer
from engine.errors import UserError

ROWS_AT_ONCE = 4096


def tokenize(task: TaskInfo, tokenizer: BackboneTokenizer, table: pa.Table, folder: Path) -> dict[str, int]:
    """Write an official split to ``folder``, which is made. Returns its numbers of ``sequences`` and ``tokens``.

    Raises UserError for a split without examples.
    """
    folder.mkdir()
    lengths, second = GrowableArray(np.int64), GrowableArray(np.int32)
    labels: list[np.ndarray] = []
    groups, identities = _Groups(), RowIdentities(task)
    options = 1
    with (folder / "tokens.npy").open("wb") as file:
        _flat_header(file, 0)
        for rendered, part in rendered_parts(task, table):
            groups.append(rendered)
            identities.append(rendered, part)
            if not rendered.sequences:
                continue
            arrays = tokenizer.encode(rendered.sequences, task.max_length, task.truncate)
            file.write(arrays["tokens"].data)
            lengths.append(arrays["lengths"])
            second.append(arrays["second"])
            labels.append(labels_of(task, part) if rendered.labels is None else rendered.labels)
            options = rendered.options
        file.seek(0)
        _flat_header(file, int(lengths.array.sum()))
    if not labels:
        raise UserError(f"{task.key}: the {folder.name} split has no examples; give it more rows")
    save(folder / "offsets.npy", offsets_of(lengths.array))
    save(folder / "second.npy", second.array)
    save(folder / "labels.npy", np.concatenate(labels))
    (folder / "split.json").write_text(json.dumps({"options": options, "rows": table.num_rows}))
    groups.write(folder)
    identities.write(folder)
    return {"sequences": len(lengths), "tokens": int(lengths.array.sum())}


class _Groups:
    """Which examples of a split belong together, and the candidates of a ranking: known once all parts are read."""

    def __init__(self) -> None:
        self._questions: list[Any] = []
        self._passages: list[Any] = []
        self._counts: list[int] = []
        self._candidates = CandidatesWriter()

    def append(self, rendered: Rendered) -> None:
        self._questions += rendered.questions or ()
        self._passages += rendered.passages or ()
        self._counts += rendered.counts or ()
        self._candidates.append(rendered.candidates or ())

    def write(self, folder: Path) -> None:
        if self._questions:
            save(folder / "groups.npy", numbered(self._questions))
        if self._passages:
            save(folder / "passages.npy", numbered(self._passages))
        if self._counts:
            save(folder / "groups.npy", np.repeat(np.arange(len(self._counts)), self._counts))
            self._candidates.write(folder)


def rendered_parts(task: TaskInfo, table: pa.Table) -> Iterator[tuple[Rendered, pa.Table]]:
    """What each few thousand rows are rendered to, and these rows."""
    for start in range(0, table.num_rows, ROWS_AT_ONCE):
        part = table.slice(start, ROWS_AT_ONCE)
        yield render(task, part), part


def _flat_header(file: BinaryIO, size: int) -> None:
    """The header of an int32 array ``[size]``, of the same length for every size."""
    np.lib.format.write_array_header_1_0(file, {"descr": "<i4", "fortran_order": False, "shape": (size,)})
