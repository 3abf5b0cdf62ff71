"""What tests of the worker share."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.catalog.catalog import BUILT_IN
from engine.data.prepared import TaskData, prepare
from engine.training.termination import Termination
from tests.training.loops import JOINT, LIMITS


@pytest.fixture
def termination() -> Iterator[Termination]:
    """Receives the SIGTERM of this process as long as the test runs."""
    before = signal.getsignal(signal.SIGTERM)
    yield Termination()
    signal.signal(signal.SIGTERM, before)


@pytest.fixture(scope="module")
def data(tiny_backbone: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, TaskData]:
    cache = tmp_path_factory.mktemp("tokens")
    return {key: prepare(BUILT_IN.find_task(key), tiny_backbone, cache, None, LIMITS) for key in JOINT}
