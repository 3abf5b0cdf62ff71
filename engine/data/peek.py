"""Opens the files of tasks before a run of them is queued: ``python -m engine.data.peek`` reads a request as JSON from stdin.

``{"tasks": [...], "data_dir": ...}``, with tasks as ``engine.catalog.records`` writes them. Prints the rows of each official
split by task and split, ``{"glue/rte": {"train": 2490, "validation": 277}}``, without tasks whose files would have to be
downloaded; or one line with an error. Of parquet only the footer is read, of other files of a published dataset the first
rows; users' own files are read whole.
"""

from __future__ import annotations

import json
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from engine.catalog.records import task_from
from engine.catalog.task import OwnData, TaskInfo
from engine.child_main import exit_code_of
from engine.data.labels import check_ids, label_columns
from engine.data.loading import check_sizes, read_rows
from engine.data.own_rows import read_own_rows
from engine.data.schema import check_schema, needed_columns
from engine.data.user_tables import count_lines, one_line_errors, shown
from engine.errors import UserError
from engine.files.hub import NotDownloaded
from engine.files.task_files import task_files

FIRST = 1_000
"""Rows of a file of lines that are checked."""
TAIL = 8
"""Bytes of a parquet file after its footer."""


def peeked(task: TaskInfo, data_dir: Path | None) -> dict[str, int]:
    """Rows of each official split; empty where files would have to be downloaded. Raises UserError naming file and reason."""
    try:
        files = task_files(task, data_dir)
    except NotDownloaded:
        return {}
    if isinstance(task.data, OwnData):
        return {split: read_own_rows(task, task.data, path).num_rows for split, path in files.items()}
    rows = {split: _rows(task, path) for split, path in files.items()}
    if data_dir is None:
        check_sizes(task, files, rows)
    return rows


def _rows(task: TaskInfo, path: Path) -> int:
    if path.suffix.lower() != ".parquet":
        read_rows(task, path, first=FIRST)
        return _count(path)
    with one_line_errors(path), pq.ParquetFile(path) as file:
        check_schema(task, file.schema_arrow, path)
        _check_footer(task, file.metadata, path)
        return int(file.metadata.num_rows)


@cache
def _count(path: Path) -> int:
    """Several tasks may read the same file."""
    return count_lines(path)


def _check_footer(task: TaskInfo, footer: pq.FileMetaData, path: Path) -> None:
    """Raises UserError for a file without rows, one that lacks a part, empty cells, and ids that are no classes of the task."""
    if not footer.num_rows:
        raise UserError(f"{shown(path)} has no rows")
    groups = [footer.row_group(index) for index in range(footer.num_row_groups)]
    chunks = [group.column(index) for group in groups for index in range(group.num_columns)]
    end = max(_start(chunk) + chunk.total_compressed_size for chunk in chunks)
    if end > path.stat().st_size - footer.serialized_size - TAIL:
        raise UserError(f"{shown(path)} is cut: its footer describes more bytes than it has; copy it here again")
    ids = task.label_column if label_columns(task) and task.kind not in ("multilabel", "regression") else None
    for chunk in chunks:
        known = chunk.statistics
        if known is None or chunk.path_in_schema not in needed_columns(task):
            continue
        if known.has_null_count and known.null_count:
            raise UserError(f"{shown(path)}: column {chunk.path_in_schema!r} has empty cells; fill or drop those rows")
        if chunk.path_in_schema == ids and known.has_min_max:
            check_ids(task, known.min, known.max, path)


def _start(chunk: pq.ColumnChunkMetaData) -> int:
    return int(chunk.dictionary_page_offset if chunk.has_dictionary_page else chunk.data_page_offset)


def answer(request: dict[str, Any]) -> dict[str, dict[str, int]]:
    """What is printed for a request."""
    data_dir = Path(request["data_dir"]) if request["data_dir"] else None
    rows = {task.key: peeked(task, data_dir) for task in map(task_from, request["tasks"])}
    return {key: splits for key, splits in rows.items() if splits}


def main() -> int:
    return exit_code_of(lambda: print(json.dumps(answer(json.load(sys.stdin)))))


if __name__ == "__main__":
    sys.exit(main())
