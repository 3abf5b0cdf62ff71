"""Database engines set up so that many processes can read and write at once."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, ExceptionContext, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError

from engine.errors import UserError
from engine.files.home import Home
from engine.files.mounts import refuse_network
from engine.registry.damage import Damaged, is_damage

BUSY_SECONDS = 30
DRIVERS = ("postgres", "postgresql", "postgresql+psycopg")
"""What a url may begin with, the last one as SQLAlchemy knows it; services hand out the first two."""
URL_ADVICE = "it takes postgresql://USER@HOST/NAME"
PRAGMAS = ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON")


def connect(home: Home) -> Engine:
    """The engine of ``$SCALEARN_DB`` (a PostgreSQL url), else of the SQLite file of ``home``.

    Raises UserError for a network file system, on which SQLite would lose data, and for a url that cannot be used.
    """
    if url := os.environ.get("SCALEARN_DB"):
        return _postgresql_engine(url)
    refuse_network(home.root)
    return sqlite_engine(home.database)


def _postgresql_engine(text: str) -> Engine:
    # The error of SQLAlchemy may have the password in it.
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):  # The latter for a port that is no number.
        raise UserError(f"SCALEARN_DB is no url; {URL_ADVICE}") from None
    if url.drivername not in DRIVERS:
        raise UserError(f"SCALEARN_DB names a database of {url.drivername}; {URL_ADVICE}")
    try:
        return create_engine(url.set(drivername=DRIVERS[-1]), pool_pre_ping=True)
    except ImportError:
        raise UserError("SCALEARN_DB needs a driver; pip install 'scalearn-tui[postgres]'") from None


def sqlite_engine(path: Path, create: bool = False) -> Engine:
    """Transactions begin IMMEDIATE, except under the execution option ``readonly``, where they are deferred.

    A deferred transaction that turns from reading to writing fails at once when another one writes, whatever the timeout.
    Errors that mean a damaged file raise Damaged. A connection that was opened while the disk was read-only is not used again.
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
        if "readonly" in str(context.original_exception):
            # It would stay so when the disk can be written again, and others that are opened while its statement is open, too.
            context.is_disconnect = True
            if context.execution_context is not None:
                context.execution_context.cursor.close()
        if is_damage(context.original_exception):
            raise Damaged(path, str(context.original_exception)) from context.original_exception

    return engine
