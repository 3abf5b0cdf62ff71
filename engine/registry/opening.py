"""Opening the registry to look at it, without the libraries that write unless it has to be migrated."""

from __future__ import annotations

import os

from engine.files.home import Home
from engine.files.mounts import refuse_network
from engine.registry.reading import Reader
from engine.registry.rows import SqliteRows
from engine.registry.schema_version import HEAD, is_newer, newer


def open_reader(home: Home) -> Reader:
    """The registry of ``home`` to look at, without rows where there is none yet; one of an older version is migrated first.

    Raises UserError where it lies on a network file system, or is older and cannot be migrated.
    """
    if os.environ.get("SCALEARN_DB"):
        from engine.registry.store import open_store

        return open_store(home)
    refuse_network(home.root)
    reader = Reader(SqliteRows(home.database), home)
    version = reader.schema_version() if home.database.exists() else HEAD
    if is_newer(version):
        reader.doubt = f"{newer(home, version)}: what this one does not know is not shown; pip install -U scalearn-tui"
    elif version != HEAD:
        from engine.registry.store import open_store

        open_store(home).close()
    return reader
