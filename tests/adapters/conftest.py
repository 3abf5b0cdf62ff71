"""One adapter, trained and exported once for all tests of this folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.adapters.exporting import export_adapter
from engine.catalog.catalog import BUILT_IN
from engine.files.home import Home
from engine.plans.planner import make_plan, submit
from engine.registry.store import Store, open_store
from tests.adapters.artefacts import request
from tests.training.runs import trained


@pytest.fixture(scope="session")
def trainer(tiny_backbone: Path, tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A registry with one trained adapter, of toy/choice."""
    store = open_store(Home(tmp_path_factory.mktemp("trainer") / "home"))
    (run_id,) = submit(make_plan(request(tiny_backbone), store, BUILT_IN), store)
    trained(store, run_id)
    return store


@pytest.fixture(scope="session")
def artefact(trainer: Store, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(export_adapter(trainer, "@1", tmp_path_factory.mktemp("files"))["file"])
