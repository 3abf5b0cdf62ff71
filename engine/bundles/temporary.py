"""A home for a while: where the table of a bundle's runs is built, and where a sample of them is trained again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from engine.files.home import Home
from engine.registry.connection import sqlite_engine
from engine.registry.schema import make_tables
from engine.registry.store import Store


@contextmanager
def temporary_store() -> Iterator[Store]:
    """An empty registry in a folder that is removed; a file, whatever ``SCALEARN_DB`` says."""
    with TemporaryDirectory(prefix="scalearn-bundle-") as folder:
        home = Home(Path(folder) / "home")
        home.make()
        make_tables(home.database, home)
        store = Store(sqlite_engine(home.database), home)
        try:
            yield store
        finally:
            store.close()
