"""Shared by tests of the commands: added tables."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.files.home import Home
from tests.own_benchmarks.adding import Adding, Capture


@pytest.fixture
def adding(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> Adding:
    folder = tmp_path / "own"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return Adding(folder, home, capsys)
