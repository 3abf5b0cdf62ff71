"""A GPU without enough memory is one line of advice, wherever it shows: no traceback, no run that stays half done."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from engine.plans.planner import make_plan, submit
from engine.plugins.home_catalog import load_catalog
from engine.registry.records import RunState
from engine.registry.store import Store
from engine.runs.request import Request
from engine.training.device import is_out_of_memory
from engine.training.evaluation import predict
from engine.worker_exit import WorkerExit
from tests.gpu.card import BFLOAT16, CARD, limited, occupied, slot
from tests.gpu.shapes import MINILM, TASK, model_of, ragged_lengths, texts
from tests.training.runs import trained

MIB = 2**20
LITTLE = 4 * MIB
"""Less than the workspace of a matrix product."""
TOO_LITTLE_TO_BEGIN = 64 * MIB
"""Less than what CUDA itself needs in every process."""
TARGET = "toy/sentiment"
WORKER, PREDICT = "engine.training.worker", "engine.inference.predict"
LIMITED = """
import importlib, sys, torch
memory, module, *arguments = sys.argv[1:]
torch.cuda.set_per_process_memory_fraction(int(memory) / torch.cuda.mem_get_info()[1])
sys.exit(importlib.import_module(module).main(arguments))
"""


@pytest.fixture
def queue(store: Store, tiny_backbone: Path) -> Callable[[int], str]:
    """Queue a small run of this seed; its id."""

    def add(seed: int) -> str:
        budget = {"epochs": 1, "limits": {"train": 64, "dev": 16, "test": 16}}
        request = Request(methods=("adapter",), targets=(TARGET,), backbone=str(tiny_backbone), seeds=(seed,), **budget)
        (run_id,) = submit(make_plan(request, store, load_catalog(store.home)), store)
        return run_id

    return add


def child(module: str, *arguments: str, memory: int | None = None) -> subprocess.CompletedProcess[str]:
    """The module as a process on the card, which may take only so many bytes of it."""
    start = ["-m", module] if memory is None else ["-c", LIMITED, str(memory), module]
    command, env = [sys.executable, *start, *arguments], {**os.environ, **slot().env}
    return subprocess.run(command, capture_output=True, text=True, env=env, timeout=120, check=False)


def cause_of_failure(store: Store, run_id: str, memory: int | None = None) -> str:
    """What the run says when it was trained by a worker that could take only so many bytes."""
    attempt = store.claim(run_id, "local", "gpu")
    ended = child(WORKER, run_id, "--attempt", str(attempt), "--home", str(store.home.root), memory=memory)
    run = store.find(run_id)
    print(f"\n{run.cause}")
    assert (ended.returncode, run.state) == (WorkerExit.FAILED, RunState.FAILED), ended.stdout + ended.stderr
    assert "Traceback" not in ended.stdout + ended.stderr
    assert run.cause and "\n" not in run.cause and len(run.cause) < 400
    return run.cause


def assert_predicts_with_advice(store: Store, run_id: str, folder: Path, memory: int | None) -> None:
    rows = folder / "rows.jsonl"
    rows.write_text("".join(json.dumps({"sentence": "it is good"}) + "\n" for _ in range(64)))
    ended = child(PREDICT, run_id, str(rows), "--task", TARGET, "--home", str(store.home.root), memory=memory)
    print(f"\n{ended.stderr.strip()}")
    assert ended.returncode in (1, 2) and "memory" in ended.stderr and "Traceback" not in ended.stderr, ended.stderr
    assert not ended.stdout


def test_training(store: Store, queue: Callable[[int], str]) -> None:
    assert cause_of_failure(store, queue(0), LITTLE).startswith("out of memory; end other processes")


def test_evaluation() -> None:
    model = model_of("adapter", MINILM, CARD)
    dev = texts(ragged_lengths(2000))
    predict(model, TASK, dev, BFLOAT16)
    with limited(LITTLE), pytest.raises(torch.OutOfMemoryError) as raised:
        predict(model, TASK, dev, BFLOAT16)
    assert is_out_of_memory(raised.value)
    # What was caught holds on to nothing: the same works once there is memory.
    del raised
    predict(model, TASK, dev, BFLOAT16)


def test_predicting(store: Store, queue: Callable[[int], str], tmp_path: Path) -> None:
    run_id = trained(store, queue(0)).id
    assert_predicts_with_advice(store, run_id, tmp_path, LITTLE)


def test_no_process_can_begin_on_a_card_that_is_full(store: Store, queue: Callable[[int], str], tmp_path: Path) -> None:
    done, waiting = trained(store, queue(0)).id, queue(1)
    with occupied(leaving=TOO_LITTLE_TO_BEGIN):
        checked = child("engine.training.check_gpu", slot().name)
        print(f"\n{checked.stderr.strip()}")
        assert checked.returncode == 2 and "no memory left" in checked.stderr and "Traceback" not in checked.stderr
        assert "no memory left" in cause_of_failure(store, waiting)
        assert_predicts_with_advice(store, done, tmp_path, None)
