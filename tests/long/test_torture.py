"""Two hundred runs are completed exactly once, whatever is killed."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.files.home import Home
from tests.long.torture import torture

REQUESTS = [
    ["-m", "adapter", "-t", "toy/sentiment,toy/question,toy/topics", "--seed", "0-49"],
    ["-m", "scalearn++", "-t", "toy/claim", "--sources", "sentiment,question", "--seed", "0-49"],
]


def test_two_hundred_runs(homes: tuple[Home, Home], tiny_backbone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCALEARN_HOME", str(homes[1].root))
    wild = torture(homes, [[*request, "-b", str(tiny_backbone)] for request in REQUESTS], kills=50)
    assert wild.count() == 200
