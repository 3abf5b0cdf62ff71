"""One home for all tests of this folder: a trained adapter with evidence, and rows of other runs as a worker writes them."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.catalog.catalog import BUILT_IN
from engine.files.home import Home
from engine.plans.planner import make_plan, submit
from engine.registry.store import Store, open_store
from tests.adapters.artefacts import request
from tests.registry.rows import point
from tests.reports.rows import complete, spec, start
from tests.training.runs import trained

ADAPTERS = [spec("adapter", f"toy/{name}") for name in ("question", "claim")]
TRANSFER = spec("scalearn", "toy/claim", seed=1, sources=ADAPTERS, learning_rate=0.01)
FEW = spec("lora", "toy/claim", shots=16, limits={"dev": 5000})
JOINT = spec("pals", ["toy/question", "toy/claim"], limits={"train": 100})
UNDER_WAY = spec("adapter", "toy/topics", epochs=3)


@pytest.fixture(scope="session")
def filled(tiny_backbone: Path, tmp_path_factory: pytest.TempPathFactory) -> Store:
    store = open_store(Home(tmp_path_factory.mktemp("results") / "home"))
    for number, declared in enumerate((*ADAPTERS, TRANSFER, FEW, JOINT)):
        complete(store, declared, 0.5 + number / 10, trainable=1000, transfer=900)
    store.tag([TRANSFER.run_id], add=["paper", "a+b"])
    attempt = start(store, UNDER_WAY)
    points = [point(UNDER_WAY.run_id, step, step / 10, name=name) for name in ("train/loss", "dev/loss") for step in (5, 10)]
    points.append(point(UNDER_WAY.run_id, 7, 99.5, name="system/cpu"))
    store.progress(UNDER_WAY.run_id, attempt, points, step=10, steps=30, seconds=4.0)
    (run_id,) = submit(make_plan(request(tiny_backbone), store, BUILT_IN), store)
    trained(store, run_id)
    return store
