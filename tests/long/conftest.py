"""Homes for tests that take minutes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from engine.files.home import Home
from tests.long.storm import processes


@pytest.fixture
def homes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Home, Home]]:
    """An undisturbed one and one for the trouble, whose processes end with the test."""
    # With the same number of threads sums are made in the same order.
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    homes = Home(tmp_path / "undisturbed"), Home(tmp_path / "disturbed")
    yield homes
    for home in homes:
        for number in processes(home):
            psutil.Process(number).kill()
