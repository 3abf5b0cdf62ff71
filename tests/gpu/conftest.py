"""What the tests of the GPU train on."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.catalog.catalog import BUILT_IN
from engine.data.prepared import TaskData, prepare
from tests.training.loops import JOINT, LIMITS


@pytest.fixture(scope="session")
def data(tiny_backbone: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, TaskData]:
    cache = tmp_path_factory.mktemp("tokens")
    return {key: prepare(BUILT_IN.find_task(key), tiny_backbone, cache, None, LIMITS) for key in JOINT}
