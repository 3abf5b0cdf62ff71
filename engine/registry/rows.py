"""The database as readers see it: a statement in, rows as tuples out, and nothing changed by it."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote

if TYPE_CHECKING:
    from sqlalchemy import Engine

Row = tuple[Any, ...]
PATIENCE = 10.0
"""Seconds that a reader waits for a lock; a writer of the registry keeps none from reading, other programs may."""
LIST = re.compile(r"\bIN :(\w+)")


class Rows(Protocol):
    """Runs a SELECT. ``:name`` stands for a value, ``IN :name`` for the values of a list; the transaction ends with it."""

    def __call__(self, statement: str, **values: Any) -> list[Row]: ...

    def close(self) -> None:
        """Close all connections; the next use opens new ones."""


class SqliteRows:
    """A SQLite file, on media that cannot be written too; without rows while it does not exist. May be shared by threads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._log = path.with_name(f"{path.name}-wal")
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._copy: tempfile.TemporaryDirectory[str] | None = None
        self._alone_since: tuple[int, ...] | None = None
        """The state of the files that is read without the memory shared with writers."""

    def __call__(self, statement: str, **values: Any) -> list[Row]:
        statement = LIST.sub(r"IN (SELECT value FROM json_each(:\1))", statement)
        values = {name: value if isinstance(value, str | int) else json.dumps(list(value)) for name, value in values.items()}
        with self._lock:
            if self._alone_since not in (None, self._state()):
                self._close()
            if self._connection is None and not self._path.exists():
                return []
            self._connection = self._connection or self._open()
            return self._connection.execute(statement, values).fetchall()

    def close(self) -> None:
        with self._lock:
            self._close()

    def _close(self) -> None:
        if self._connection:
            self._connection.close()
        if self._copy:
            self._copy.cleanup()
        self._connection = self._copy = self._alone_since = None

    def _open(self) -> sqlite3.Connection:
        """A connection that has read something.

        Readers share memory with writers, through a file beside the database that SQLite cannot make in a folder that cannot be
        written. Without it a database can be read that nobody changes: as it is, or with its log of changes from a copy.
        """
        try:
            return _connected(self._path, "mode=ro")
        except sqlite3.OperationalError as error:
            if "locked" in str(error) or not self._path.is_file():
                raise
        self._alone_since = self._state()
        if self._log.is_file() and self._log.stat().st_size:
            return _connected(self._copied(), "mode=rw")
        return _connected(self._path, "immutable=1")

    def _copied(self) -> Path:
        self._copy = tempfile.TemporaryDirectory(prefix="scalearn-")
        for file in (self._path, self._log):
            shutil.copy(file, self._copy.name)
        return Path(self._copy.name) / self._path.name

    def _state(self) -> tuple[int, ...]:
        stats = [file.stat() for file in (self._path, self._log) if file.exists()]
        return tuple(number for stat in stats for number in (stat.st_mtime_ns, stat.st_size))


class EngineRows:
    """Any database behind an engine of SQLAlchemy."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine.execution_options(readonly=True)

    def __call__(self, statement: str, **values: Any) -> list[Row]:
        from sqlalchemy import String, bindparam, text

        lists = LIST.findall(statement)
        # PostgreSQL compares no texts with an empty list of nothing in particular.
        typed = (bindparam(name, expanding=True, type_=None if values[name] else String()) for name in lists)
        query = text(statement).bindparams(*typed)
        with self._engine.connect() as connection:
            found = connection.execute(query, values | {name: list(values[name]) for name in lists})
            return [tuple(row) for row in found]

    def close(self) -> None:
        self._engine.dispose()


def _connected(path: Path, access: str) -> sqlite3.Connection:
    uri = f"file:{quote(str(path))}?{access}"
    connection = sqlite3.connect(uri, uri=True, timeout=PATIENCE, check_same_thread=False, isolation_level=None)
    try:
        connection.execute("SELECT count(*) FROM sqlite_master")
    except BaseException:
        connection.close()
        raise
    return connection
