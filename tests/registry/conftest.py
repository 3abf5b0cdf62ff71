"""Registries in a file and on a server."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.files.home import Home
from engine.registry.store import Store, open_store
from tests.registry import postgres


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """Skips the test where there is none."""
    if why := postgres.missing():
        pytest.skip(why)
    # Not in a folder of pytest, which only its user may enter: the server refuses to run as root.
    with tempfile.TemporaryDirectory(prefix="scalearn-") as folder:
        Path(folder).chmod(0o755)
        with postgres.server(Path(folder) / "server") as address:
            yield address


@pytest.fixture
def postgresql(postgresql_server: str) -> Iterator[str]:
    """The url of an empty database."""
    with postgres.database(postgresql_server) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def either_store(request: pytest.FixtureRequest, home: Home, monkeypatch: pytest.MonkeyPatch) -> Store:
    """The registry of ``home`` in its file, and on a server."""
    if request.param == "postgresql":
        monkeypatch.setenv("SCALEARN_DB", request.getfixturevalue("postgresql"))
    return open_store(home)
