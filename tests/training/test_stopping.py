"""A stop is heard at any time, and what was computed until then is kept."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from engine.catalog.catalog import BUILT_IN
from engine.data import build_tokens
from engine.plans.planner import make_plan, submit
from engine.registry.records import RunState
from engine.registry.store import Store
from engine.runs.request import Request
from engine.training import evaluation, setup
from engine.training.evidence import Answered
from engine.worker_exit import WorkerExit
from tests.training.runs import trained, work_on

SMALL = {"train": 24, "dev": 16, "test": 40}


def queue(store: Store, backbone: Path) -> str:
    request = Request(methods=("adapter",), targets=("toy/question",), backbone=str(backbone), epochs=2, limits=SMALL)
    (run_id,) = submit(make_plan(request, store, BUILT_IN), store)
    return run_id


def terminated_after(function: Any) -> Any:
    """``function``, whose process receives SIGTERM whenever it has returned."""

    def wrapped(*arguments: Any, **named: Any) -> Any:
        result = function(*arguments, **named)
        os.kill(os.getpid(), signal.SIGTERM)
        return result

    return wrapped


def test_while_texts_are_tokenized(store: Store, tiny_backbone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_id = queue(store, tiny_backbone)
    asked: list[str] = []

    def render(*arguments: Any) -> Any:
        asked.append("render")
        os.kill(os.getpid(), signal.SIGTERM)
        return original(*arguments)

    original = build_tokens.render
    monkeypatch.setattr(build_tokens, "render", render)
    assert work_on(store, run_id) == WorkerExit.STOPPED
    assert asked == ["render"] and store.find(run_id).state == RunState.STOPPED
    assert not [path for path in store.home.tokens.iterdir() if path.is_dir()], "an unfinished entry is removed"
    monkeypatch.undo()
    store.requeue([run_id])
    trained(store, run_id)


def test_while_dev_is_evaluated(store: Store, tiny_backbone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    straight = queue(store, tiny_backbone)
    expected = store.results([trained(store, straight).id])[straight]
    store.delete([straight])
    run_id = queue(store, tiny_backbone)
    monkeypatch.setattr(evaluation, "evaluation_batches", terminated_after(evaluation.evaluation_batches))
    assert work_on(store, run_id) == WorkerExit.STOPPED
    stopped = store.find(run_id)
    assert stopped.step == 1 and stopped.epoch == 0 and store.home.checkpoint(run_id, "last").is_file()
    monkeypatch.undo()
    store.requeue([run_id])
    trained(store, run_id)
    assert store.results([run_id])[run_id] == expected


def test_while_final_results_are_computed(store: Store, tiny_backbone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_id = queue(store, tiny_backbone)
    monkeypatch.setattr(Answered, "keep", terminated_after(Answered.keep))
    assert work_on(store, run_id) == WorkerExit.STOPPED
    assert [row.split for row in store.evidence(run_id)] == ["dev"]
    monkeypatch.undo()

    predicted: list[int] = []

    def predict(model: Any, task: Any, split: Any, *arguments: Any, **named: Any) -> Any:
        predicted.append(len(split))
        return original(model, task, split, *arguments, **named)

    original = setup.predict
    monkeypatch.setattr(setup, "predict", predict)
    store.requeue([run_id])
    trained(store, run_id)
    assert predicted == [SMALL["test"]], "dev was answered by the attempt before"
    assert [row.split for row in store.evidence(run_id)] == ["dev", "test"]


CLOCK = """
import sys, time
from engine.training.awake import AwakeClock
clock = AwakeClock(long=1.0)
began, real = clock.now(), time.perf_counter()
print("started", flush=True)
while time.perf_counter() - real < 4:
    time.sleep(0.05)
print(clock.now() - began, time.perf_counter() - real)
"""


def test_the_time_of_a_suspended_process_does_not_count() -> None:
    with subprocess.Popen([sys.executable, "-c", CLOCK], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdout.readline() == "started\n"
        process.send_signal(signal.SIGSTOP)
        time.sleep(3)
        process.send_signal(signal.SIGCONT)
        awake, real = map(float, process.stdout.read().split())
    assert real >= 4 and 0.5 < awake < real - 2.5
