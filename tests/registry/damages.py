"""Ways in which the file of a registry is damaged: each a function from its bytes to other bytes."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from tempfile import NamedTemporaryFile

from engine.files.home import Home
from engine.registry.store import Store

PAGE = 4096
Damage = Callable[[bytes], bytes]


def random_pages(content: bytes) -> bytes:
    return content[:PAGE] + random.Random(1).randbytes(len(content) - PAGE)


def half(content: bytes) -> bytes:
    return content[: len(content) // PAGE // 2 * PAGE]


def without(table: str, content: bytes) -> bytes:
    with NamedTemporaryFile() as file:
        Path(file.name).write_bytes(content)
        with closing(sqlite3.connect(file.name)) as database:
            database.execute("PRAGMA journal_mode=DELETE")
            database.execute(f"DROP TABLE {table}")
            database.commit()
        return Path(file.name).read_bytes()


DAMAGES: dict[str, Damage] = {
    "another format": lambda content: b"this is no database" * 1000,
    "empty": lambda content: b"",
    "half": half,
    "no header": lambda content: bytes(100) + content[100:],
    "random pages": random_pages,
    "zero pages": lambda content: content[:PAGE] + bytes(len(content) - PAGE),
    "no run": partial(without, "run"),
    "no result": partial(without, "result"),
    "no version": partial(without, "alembic_version"),
    "garbled states": lambda content: content.replace(b"completed", b"comp\x01eted"),
    "garbled json": lambda content: content.replace(b'"learning_rate"', b'"learning\x01{"'),
}


def closed(store: Store) -> bytes:
    """The registry's whole content, after all processes have closed it."""
    store.close()
    with closing(sqlite3.connect(store.home.database)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return store.home.database.read_bytes()


def replace(home: Home, content: bytes) -> None:
    for path in home.root.glob("registry.sqlite*"):
        path.unlink()
    home.database.write_bytes(content)
