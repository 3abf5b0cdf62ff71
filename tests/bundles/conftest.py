"""Runs that were trained once for all tests of this folder, and their bundle."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from engine.bundles.opening import open_bundle
from engine.bundles.temporary import temporary_store
from engine.bundles.verifying import Findings, verify
from engine.bundles.writing import Wanted, write_bundle
from engine.catalog.catalog import BUILT_IN
from engine.files.home import Home
from engine.plans.planner import make_plan, submit
from engine.registry.store import Store, open_store
from engine.runs.request import Request
from tests.bundles.forging import Parts
from tests.training.runs import trained

BUDGET = {"epochs": 1, "limits": {"train": 16, "dev": 8, "test": 8}}
Write = Callable[..., Path]


@pytest.fixture(scope="session")
def trainer(tiny_backbone: Path, tmp_path_factory: pytest.TempPathFactory) -> Store:
    """ScaLearn++ on two targets with two seeds, with the two adapters that it reads."""
    store = open_store(Home(tmp_path_factory.mktemp("trainer") / "home"))
    targets = ("toy/choice", "toy/similarity")
    asked = Request(
        methods=("scalearn++",), targets=targets, sources=targets, seeds=(0, 1), backbone=str(tiny_backbone), **BUDGET
    )
    plan = make_plan(asked, store, BUILT_IN)
    submit(plan, store)
    for planned in plan.runs:
        trained(store, planned.run_id)
    return store


@pytest.fixture(scope="session")
def bundled(trainer: Store, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The runs of ScaLearn++ and the sources that they read."""
    path = tmp_path_factory.mktemp("bundle") / "runs.zip"
    wanted = Wanted([run for run in trainer.runs() if run.method == "scalearn++"], checkpoints=True)
    write_bundle(trainer, BUILT_IN, wanted, path, "0")
    return path


@pytest.fixture
def parts(bundled: Path) -> Parts:
    return Parts.of(bundled)


def verified(path: Path, expect: str | None = None) -> Findings:
    with temporary_store() as store, open_bundle(path, BUILT_IN) as bundle:
        return verify(bundle, store, expect, None)
