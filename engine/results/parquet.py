"""Records as a Parquet file: typed columns, some thousand records at a time."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from engine.errors import UserError
from engine.files.disk import atomic_write
from engine.results.rows import ResultRows

AT_ONCE = 65_536
"""Records in memory, and in a row group of the file."""
TYPES = {
    "str": pa.string(),
    "bool": pa.bool_(),
    "int": pa.int64(),
    "float": pa.float64(),
    "datetime": pa.timestamp("us", "UTC"),
    "tuple[str, ...]": pa.list_(pa.string()),
    "Mapping[str, float]": pa.map_(pa.string(), pa.float64()),
}
"""By the annotation of a record's field; ``| None`` changes nothing, since every column may have empty cells."""


def write_parquet(rows: ResultRows[Any], path: Path) -> int:
    """Replace the file as a whole; returns the number of records. Raises UserError where it cannot be written."""
    schema, count = _schema(rows), 0
    remaining = rows.tuples()
    try:
        with atomic_write(path) as draft, pq.ParquetWriter(draft, schema, compression="zstd") as writer:
            while part := list(islice(remaining, AT_ONCE)):
                columns = zip(*part, strict=True)
                writer.write_batch(
                    pa.record_batch([_array(*pair) for pair in zip(columns, schema, strict=True)], schema=schema)
                )
                count += len(part)
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror or error}") from None
    return count


def _schema(rows: ResultRows[Any]) -> pa.Schema:
    return pa.schema([(name, TYPES[kind.removesuffix(" | None")]) for name, kind in rows.columns.items()])


def _array(values: Iterable[Any], field: pa.Field) -> pa.Array:
    if pa.types.is_map(field.type):
        values = [list(value.items()) for value in values]
    return pa.array(values, field.type)
