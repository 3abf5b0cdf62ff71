"""Shared by tests of the commands: a registry whose manager is alive, so that they start no process, and added tables."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.files.disk import try_lock
from engine.files.home import Home
from engine.registry.store import Store
from tests.own_benchmarks.adding import Adding, Capture


@pytest.fixture
def supervised(store: Store) -> Iterator[None]:
    """Commands find a supervisor at work and start none."""
    lock = try_lock(store.home.supervisor_lock)
    assert lock is not None
    yield
    os.close(lock)


@pytest.fixture
def adding(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> Adding:
    folder = tmp_path / "own"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return Adding(folder, home, capsys)
