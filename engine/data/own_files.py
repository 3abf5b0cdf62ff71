"""What a split of a user's own task is read from: a table, or a split of a dataset. Errors name the place of a row."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from engine.catalog.task import OwnData
from engine.data.user_tables import lines_of, location_of, read_file, require_columns, shown
from engine.errors import UserError


def name_of(data: OwnData, path: Path) -> str:
    """The file as errors name it; of a dataset its name and the split."""
    if data.dataset is None or not data.dataset.on_hub:
        return shown(path)
    split = next(split for split, file in data.files if file == str(path))
    return f"{data.dataset.title} {dict(data.dataset.splits)[split]}"


def place_of(data: OwnData, path: Path, row: int) -> str:
    """Row ``row`` (from 0) as errors name it."""
    if data.dataset:
        return f"{name_of(data, path)} row {row + 1}"
    return location_of(path, row, data.quoted is not False)


def lines_in(data: OwnData, path: Path, rows: Sequence[int]) -> list[int]:
    """The line of each row, or for a dataset its number, from 1."""
    return [row + 1 for row in rows] if data.dataset else lines_of(path, rows, data.quoted is not False)


def read_split(data: OwnData, path: Path, columns: Sequence[str]) -> pa.Table:
    """These columns of all rows, which must be here (``own_dataset.obtain``). Raises UserError naming file and line."""
    if data.dataset is None:
        return read_file(path, columns, data.quoted is not False)
    name = name_of(data, path)
    return read_file(path, columns, name=name) if data.dataset.on_hub else _saved(name, path, columns)


def _saved(name: str, folder: Path, columns: Sequence[str]) -> pa.Table:
    from datasets import Dataset, disable_progress_bars

    from engine.data.hub_rows import plain_rows
    from engine.files.saved_dataset import saved_files

    disable_progress_bars()
    saved_files(folder)
    try:
        dataset = plain_rows(Dataset.load_from_disk(str(folder)).with_format(None))
        require_columns(name, dataset.column_names, columns)
        return dataset.select_columns(list(columns)).data.table
    except UserError:
        raise
    except Exception as error:
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise UserError(f"{name} cannot be read as a saved dataset: {first[:200]}; save it again") from error
