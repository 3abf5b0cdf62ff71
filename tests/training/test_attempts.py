"""Attempts from a queued row to results, and what they refuse to train on."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine.catalog.catalog import BUILT_IN
from engine.data import splits
from engine.errors import UserError
from engine.plans.planner import make_plan, submit
from engine.registry.fence import Fenced
from engine.registry.records import RunState
from engine.registry.store import Store
from engine.runs.request import Request
from engine.training.checkpoints import load_checkpoint, save_checkpoint
from engine.training.loop import TrainState
from engine.training.setup import ReadyRun, prepare_run
from engine.training.termination import Termination
from engine.worker_exit import WorkerExit
from tests.conftest import write_tiny_backbone
from tests.training.runs import work_on

LIMITS = {"train": 32, "dev": 10, "test": 10}


def queued(store: Store, backbone: Path, **fields: Any) -> str:
    request = Request(
        methods=("adapter",), targets=("toy/question",), backbone=str(backbone), epochs=1, limits=LIMITS, **fields
    )
    (run_id,) = submit(make_plan(request, store, BUILT_IN), store)
    return run_id


def test_a_run_from_queue_to_results(store: Store, tiny_backbone: Path) -> None:
    run_id = queued(store, tiny_backbone)
    assert work_on(store, run_id) == WorkerExit.COMPLETED
    run = store.find(run_id)
    assert (run.state, run.cause) == (RunState.COMPLETED, None)
    assert store.results([run_id])[run_id]["toy/question"].keys() == {"dev", "test"}
    assert sorted(path.name for path in store.home.run(run_id).iterdir()) == [
        "best.safetensors",
        "evidence",
        "rows.safetensors",
    ]
    assert store.checkpoints(run_id).keys() == {"best"}
    best, _ = load_checkpoint(store.home.checkpoint(run_id, "best"), store.checkpoints(run_id)["best"].sha256)
    assert any(name.startswith("adapter.") for name in best)


def test_sigterm_before_training_stops_and_a_later_attempt_resumes(
    store: Store, tiny_backbone: Path, termination: Termination
) -> None:
    run_id = queued(store, tiny_backbone)
    termination.requested = True
    assert work_on(store, run_id, termination) == WorkerExit.STOPPED
    assert store.find(run_id).state == RunState.STOPPED
    store.requeue([run_id])
    termination.requested = False
    assert work_on(store, run_id, termination) == WorkerExit.COMPLETED


def test_a_backbone_that_changed_since_it_was_queued_is_refused(store: Store, tmp_path: Path) -> None:
    folder = write_tiny_backbone(tmp_path / "backbone")
    run_id = queued(store, folder)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "hidden_dropout_prob": 0.5}))
    assert work_on(store, run_id) == WorkerExit.FAILED
    assert "changed since the run was queued" in (store.find(run_id).cause or "")


def test_texts_are_cut_to_the_backbones_positions(store: Store, tmp_path: Path) -> None:
    run_id = queued(store, write_tiny_backbone(tmp_path / "backbone", max_position_embeddings=24))
    assert work_on(store, run_id) == WorkerExit.COMPLETED
    (entry,) = (path for path in store.home.tokens.iterdir() if path.is_dir())
    assert np.diff(np.load(entry / "train" / "offsets.npy")).max() == 24


def test_a_later_change_of_the_split_does_not_change_a_runs_rows(
    store: Store, tiny_backbone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def started(run_id: str) -> ReadyRun:
        attempt = store.claim(run_id, "local", "cpu")
        assert attempt is not None
        ready = prepare_run(store, store.started(run_id, attempt), attempt, BUILT_IN)
        store.finish(run_id, attempt, RunState.LOST)
        store.requeue([run_id])
        return ready

    def dev(ready: ReadyRun) -> list[int]:
        return ready.data["toy/question"].splits["dev"].starts.tolist()

    run_id = queued(store, tiny_backbone)
    first = started(run_id)
    monkeypatch.setattr(splits, "SPLIT_SEED", 7)
    assert dev(started(run_id)) == dev(first) != dev(started(queued(store, tiny_backbone, seeds=(1,))))

    kept = store.home.run(run_id) / "rows.safetensors"
    kept.write_bytes(kept.read_bytes()[:-8] + bytes(8))
    with pytest.raises(UserError, match=r"the rows that this run started with are lost.*rows\.safetensors"):
        started(run_id)
    monkeypatch.setattr(splits, "SPLIT_SEED", 42)
    store.finish(run_id, store.find(run_id).attempt, RunState.LOST)
    store.requeue([run_id])
    assert dev(started(run_id)) == dev(first)
    monkeypatch.setattr(splits, "SPLIT_SEED", 7)
    assert dev(started(run_id)) == dev(first), "what was broken is whole again"


def test_a_tokenizer_of_other_weights_is_refused(store: Store, tmp_path: Path) -> None:
    folder = write_tiny_backbone(tmp_path / "backbone")
    tokenizer = json.loads((folder / "tokenizer.json").read_text())
    vocabulary = tokenizer["model"]["vocab"]
    vocabulary["city"] = vocabulary["e"]
    vocabulary["e"] = len(vocabulary) + 100
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer))
    run_id = queued(store, folder)
    assert work_on(store, run_id) == WorkerExit.FAILED
    assert "take files that belong together" in (store.find(run_id).cause or "")


def test_a_fenced_worker_overwrites_nothing(store: Store, tiny_backbone: Path) -> None:
    run_id = queued(store, tiny_backbone)
    first = store.claim(run_id, "local", "cpu")
    assert first is not None
    given_up = prepare_run(store, store.started(run_id, first), first, BUILT_IN)
    store.finish(run_id, first, RunState.LOST)
    store.requeue([run_id])
    assert work_on(store, run_id) == WorkerExit.COMPLETED
    best = given_up.files.best
    with pytest.raises(Fenced):
        save_checkpoint(best, {"x": torch.zeros(2)}, {}, partial(given_up.files.record, "best", TrainState()))
    load_checkpoint(best, store.checkpoints(run_id)["best"].sha256)
