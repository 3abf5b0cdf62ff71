"""Parts of write transactions: each runs inside the caller's transaction, on its connection."""

from __future__ import annotations

import math
import os
import pwd
from importlib import import_module
from typing import Any

from sqlalchemy import Connection, Table, insert, update

from engine.registry.records import Results, utc_now
from engine.registry.tables import CLOCK, EVENT


def tick(connection: Connection) -> int:
    """Advance the registry's version; the new one belongs to all changes of this transaction."""
    # The updated row stays locked until the transaction ends, so that no reader sees version 8 before 7.
    return connection.execute(update(CLOCK).values(value=CLOCK.c.value + 1).returning(CLOCK.c.value)).scalar_one()


def note_event(connection: Connection, run_id: str, attempt: int, text: str) -> None:
    """Add an event of a run."""
    connection.execute(insert(EVENT).values(run_id=run_id, attempt=attempt, text=text, at=utc_now()))


def note_request(connection: Connection, run_id: str, attempt: int, text: str) -> None:
    """Add an event that a user asked for, with who that was: ``asked to stop by ann@lab3``."""
    note_event(connection, run_id, attempt, f"{text} by {_user()}@{os.uname().nodename}")


def _user() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        # Containers run as users without a name.
        return str(os.getuid())


def insert_into(connection: Connection, table: Table) -> Any:
    """An INSERT of the database's dialect, which has ``on_conflict_...``."""
    # Importing the dialect of the other database would cost every process some 40 ms.
    return import_module(f"sqlalchemy.dialects.{connection.dialect.name}").insert(table)


def replace_rows(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    """Insert rows, replacing those with the same keys."""
    if rows:
        keys = [column.name for column in table.primary_key]
        change = insert_into(connection, table)
        others = {name: change.excluded[name] for name in rows[0] if name not in keys}
        connection.execute(change.on_conflict_do_update(index_elements=keys, set_=others), rows)


def result_rows(run_id: str, results: Results) -> list[dict[str, Any]]:
    """Rows of ``result``; a NaN value is left out."""
    return [
        {"run_id": run_id, "task": task, "split": split, "metric": metric, "value": value}
        for task, splits in results.items()
        for split, numbers in splits.items()
        for metric, value in numbers.items()
        if not math.isnan(value)
    ]
