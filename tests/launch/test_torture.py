"""A few runs are completed exactly once, whatever is killed; ``make test-long`` does so with many."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from engine.files.home import Home
from tests.long.storm import processes
from tests.long.torture import torture


def test_a_few_runs(tmp_path: Path, tiny_backbone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # With the same number of threads sums are made in the same order.
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    homes = Home(tmp_path / "undisturbed"), Home(tmp_path / "disturbed")
    monkeypatch.setenv("SCALEARN_HOME", str(homes[1].root))
    try:
        torture(
            homes, [["-m", "adapter", "-t", "toy/sentiment,toy/question", "--seed", "0-1", "-b", str(tiny_backbone)]], kills=4
        )
    finally:
        for number in [number for home in homes for number in processes(home)]:
            psutil.Process(number).kill()
