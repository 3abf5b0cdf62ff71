"""A PostgreSQL server of its own for tests, with a database for each."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from tests.material import SHARED

TOOL = SHARED / "tools" / "pg_temp.sh"
BINARIES = Path("/usr/lib/postgresql")
_numbers = count()


def missing() -> str:
    """Why there can be no server; empty if there can."""
    if not TOOL.is_file():
        return "the tool that starts PostgreSQL is not beside the project"
    return "" if BINARIES.is_dir() else "no PostgreSQL is installed"


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """The address of a server, which keeps its data in ``folder`` and ends with the block."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {"PGT": str(folder), "PGT_PORT": str(port)}
    subprocess.run(["bash", TOOL, "up"], env=environment, check=True, capture_output=True, timeout=60)
    try:
        yield f"postgresql://exp@127.0.0.1:{port}"
    finally:
        subprocess.run(["bash", TOOL, "down"], env=environment, check=True, capture_output=True, timeout=60)


@contextmanager
def database(server: str) -> Iterator[str]:
    """The url of an empty database."""
    import psycopg

    name = f"test_{os.getpid()}_{next(_numbers)}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    try:
        yield f"{server}/{name}"
    finally:
        with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
