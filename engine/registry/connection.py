"""Database engines set up so that many processes can read and write at once."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, ExceptionContext, create_engine, event
from sqlalchemy.exc import ArgumentError

from engine.errors import UserError
from engine.files.home import Home
from engine.registry.damage import Damaged, is_damage

BUSY_SECONDS = 30
NETWORK_FILE_SYSTEMS = (
    "nfs", "nfs4", "cifs", "smbfs", "smb3", "lustre", "gpfs", "beegfs", "ceph", "glusterfs", "pvfs2", "afs", "panfs", "wekafs",
)  # fmt: skip
PRAGMAS = ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON")


def connect(home: Home) -> Engine:
    """The engine of ``$SCALEARN_DB`` (a PostgreSQL url), else of the SQLite file of ``home``.

    Raises UserError for a network file system, on which SQLite would lose data, and for a url that cannot be used.
    """
    if url := os.environ.get("SCALEARN_DB"):
        try:
            return create_engine(url, pool_pre_ping=True)
        except (ArgumentError, ImportError) as error:
            raise UserError(
                f"SCALEARN_DB cannot be used ({error}); "
                "it takes postgresql+psycopg://USER@HOST/NAME and pip install 'psycopg[binary]'"
            ) from None
    refuse_network(home.root)
    return sqlite_engine(home.database)


def sqlite_engine(path: Path, create: bool = False) -> Engine:
    """Transactions begin IMMEDIATE, except under the execution option ``readonly``, where they are deferred.

    A deferred transaction that turns from reading to writing fails at once when another one writes, whatever the timeout.
    Errors that mean a damaged file raise Damaged.
    """
    # Never made by a connection: a registry that was removed stays so.
    query = {"mode": "rwc" if create else "rw", "uri": "true"}
    url = URL.create("sqlite", database=f"file:{quote(str(path))}", query=query)
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS})

    @event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Connection) -> None:
        readonly = connection.get_execution_options().get("readonly")
        connection.exec_driver_sql("BEGIN" if readonly else "BEGIN IMMEDIATE")

    @event.listens_for(engine, "handle_error")
    def _on_error(context: ExceptionContext) -> None:
        if is_damage(context.original_exception):
            raise Damaged(path, str(context.original_exception)) from context.original_exception

    return engine


def refuse_network(root: Path, mounts: Path = Path("/proc/self/mounts")) -> None:
    """Raises UserError when ``root`` lies on a file system that several hosts share: WAL needs memory shared by all users."""
    if mounts.exists() and (kind := file_system(root, mounts.read_text())) and _is_network(kind):
        raise UserError(
            f"{root} lies on a network file system ({kind}), where SQLite loses data; "
            "set SCALEARN_HOME to a local folder or SCALEARN_DB to a PostgreSQL url"
        )


def file_system(path: Path, mounts: str) -> str | None:
    """Type of the mount with the longest prefix of ``path``; ``mounts`` is the text of ``/proc/self/mounts``."""
    best, kind = -1, None
    for line in mounts.splitlines():
        fields = line.split()
        mount_point = fields[1].replace("\\040", " ")
        if path.resolve().is_relative_to(mount_point) and len(mount_point) >= best:
            best, kind = len(mount_point), fields[2]
    return kind


def _is_network(kind: str) -> bool:
    # Containers mount their own local disk through fuse-overlayfs.
    return kind in NETWORK_FILE_SYSTEMS or (kind.startswith("fuse.") and kind != "fuse.fuse-overlayfs")
