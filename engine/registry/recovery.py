"""Bringing back a SQLite registry whose file is damaged. The damaged file is kept, under a name that is returned."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from engine.errors import UserError
from engine.files.disk import atomic_write, locked
from engine.files.home import Home
from engine.registry import rows
from engine.registry.damage import backups, is_damage
from engine.registry.records import RunState
from engine.registry.schema import back_up, make_tables, refuse_newer
from engine.registry.schema_version import HEAD
from engine.registry.tables import ALIAS, CHECKPOINT, CLOCK, EVENT, EVIDENCE, METRIC, REPLICATE, RESULT, RUN, SOURCE, SWEEP, TAG

TABLES = tuple(
    table.name for table in (CLOCK, RUN, ALIAS, SOURCE, METRIC, RESULT, CHECKPOINT, EVIDENCE, REPLICATE, TAG, EVENT, SWEEP)
)
PARTS = ("", "-wal", "-shm")
"""What SQLite calls the files of one database."""
PROBED = 10_000
"""Row numbers that are tried behind a damaged page where the highest one cannot be read."""
KINDS: dict[str, Callable[[Any], object]] = {
    "JSON": json.loads, "DATETIME": datetime.fromisoformat, "FLOAT": float, "INTEGER": int, "BIGINT": int, "BOOLEAN": int,
}  # fmt: skip
"""What reads a value of a declared type; raises for one that is none. All others are texts."""


def find_damage(home: Home) -> str | None:
    """Why the registry's file is damaged, after all of its pages were looked at; None where it is not.

    Raises UserError for a file that cannot be read.
    """
    try:
        with closing(_opened(home)) as database:
            present = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            if not present:
                return "it has no tables"
            if _version(database) == HEAD and (missing := sorted({*TABLES} - present)):
                return f"no such table: {', '.join(missing)}"
            (finding,) = database.execute("PRAGMA quick_check(1)").fetchone()
            return None if finding == "ok" else " ".join(finding.split())
    except sqlite3.DatabaseError as error:
        if not is_damage(error):
            raise UserError(f"the registry {home.database} cannot be read ({error})") from error
        return str(error)


def recover(home: Home) -> tuple[Path, dict[str, int]]:
    """Put a registry in place that has all rows that can be read; the damaged file's new name, and rows by table.

    Raises UserError for a registry of a newer version, and while another program keeps it locked: then nothing can be read, and
    a sound registry would look empty.
    """
    with locked(home.root / "registry.lock"), closing(_opened(home)) as damaged, atomic_write(home.database) as draft:
        _begin_reading(damaged, home)
        version = _version(damaged) or HEAD
        refuse_newer(version, home)
        make_tables(draft, home, version)
        with closing(sqlite3.connect(draft)) as new, new:
            for table in TABLES:
                _copy(table, damaged, new)
            counts = _without_contradictions(new)
        return _kept_aside(home), counts


def restore(home: Home) -> tuple[Path, Path]:
    """Put the newest backup in the place of a damaged registry; the damaged file's new name, and the backup.

    Raises UserError where there is no backup, or the registry is not damaged.
    """
    copies = backups(home.root)
    if not copies:
        raise UserError(f"there is no copy of the registry in {home.root}; `scalearn db recover` saves what can be read")
    if find_damage(home) is None:
        raise UserError("the registry is not damaged; nothing was changed")
    with locked(home.root / "registry.lock"), atomic_write(home.database) as draft:
        back_up(copies[0], draft)
        draft.chmod(0o666 & ~home.umask())
        return _kept_aside(home), copies[0]


def _opened(home: Home) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{quote(str(home.database))}?mode=ro", uri=True, timeout=rows.PATIENCE)


def _begin_reading(database: sqlite3.Connection, home: Home) -> None:
    """Keep other programs from locking the file meanwhile. Raises UserError where one already does."""
    try:
        database.execute("BEGIN")
        database.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise UserError(f"another program keeps {home.database} locked; end it and try again") from error


def _version(database: sqlite3.Connection) -> str | None:
    try:
        found = database.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.DatabaseError:
        return None
    return found and str(found[0])


def _kept_aside(home: Home) -> Path:
    """The damaged files under another name too, and their log only there: SQLite would apply it to the new file."""
    aside = home.root / f"registry.damaged-{datetime.now():%Y%m%d-%H%M%S}.sqlite"
    os.link(home.database, aside)
    for part in PARTS[1:]:
        with suppress(FileNotFoundError):
            os.rename(f"{home.database}{part}", f"{aside}{part}")
    return aside


def _copy(table: str, damaged: sqlite3.Connection, new: sqlite3.Connection) -> None:
    """Rows that can be read and whose values are of the declared types."""
    kinds = {name: kind for _, name, kind, *_ in new.execute(f"PRAGMA table_info({table})")}
    columns = [name for name in _columns(damaged, table) if name in kinds]
    if not columns:
        return
    readers = [KINDS.get(kinds[name].partition("(")[0], str.encode) for name in columns]
    sound = (row for row in _readable(damaged, table, columns) if _is_sound(row, readers))
    new.execute(f"DELETE FROM {table}")
    places = ", ".join("?" * len(columns))
    new.executemany(f"INSERT OR IGNORE INTO {table} ({_listed(columns)}) VALUES ({places})", sound)


def _columns(database: sqlite3.Connection, table: str) -> list[str]:
    try:
        return [name for _, name, *_ in database.execute(f"PRAGMA table_info({table})")]
    except sqlite3.DatabaseError:
        return []


def _listed(columns: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in columns)


def _readable(database: sqlite3.Connection, table: str, columns: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """Rows in the order of their numbers. Behind a damaged page every number is tried until one can be read."""
    select = f"SELECT rowid, {_listed(columns)} FROM {table} NOT INDEXED"
    begin = 0
    while True:
        try:
            for number, *values in database.execute(f"{select} WHERE rowid >= {begin} ORDER BY rowid"):
                yield tuple(values)
                begin = number + 1
            return
        except sqlite3.DatabaseError:
            last = _first(database, f"SELECT max(rowid) FROM {table}") or (begin + PROBED,)
            tried = (_first(database, f"{select} WHERE rowid = {number}") for number in range(begin, last[0] + 1))
            found = next((row for row in tried if row), None)
        if found is None:
            return
        yield found[1:]
        begin = found[0] + 1


def _first(database: sqlite3.Connection, query: str) -> tuple[Any, ...] | None:
    """The first row; None where there is none, it is empty or it cannot be read."""
    try:
        row = database.execute(query).fetchone()
    except sqlite3.DatabaseError:
        return None
    return row if row and row[0] is not None else None


def _is_sound(row: Sequence[Any], readers: Sequence[Callable[[Any], object]]) -> bool:
    try:
        for value, read in zip(row, readers, strict=True):
            if value is not None:
                read(value)
    except (TypeError, ValueError):
        return False
    return True


def _without_contradictions(new: sqlite3.Connection) -> dict[str, int]:
    """Remove rows of runs that were lost, and let the clock be ahead of all runs; rows by table."""
    states = ", ".join(f"'{state}'" for state in RunState)
    new.execute(f"DELETE FROM run WHERE state NOT IN ({states})")
    for table, number, *_ in new.execute("PRAGMA foreign_key_check").fetchall():
        new.execute(f"DELETE FROM {table} WHERE rowid = ?", (number,))
    ahead = "max(ifnull((SELECT max(version) FROM run), 0), ifnull((SELECT max(value) FROM clock), 0)) + 1"
    new.execute(f"INSERT OR REPLACE INTO clock (id, value) SELECT 1, {ahead}")
    present = [table for table in TABLES if _columns(new, table)]
    return {table: new.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in present}
