"""A run that a forked worker trains is the run that a worker trains which was started cold."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import psutil
import pytest

from engine.catalog.catalog import BUILT_IN
from engine.files.home import Home
from engine.launch.devices import slots_of
from engine.launch.local import LocalExecutor
from engine.launch.supervisor import Supervisor, worker_command
from engine.launch.warm_start import ForkServer
from engine.plans.planner import make_plan, submit
from engine.registry.records import RunState
from engine.registry.store import Store, open_store
from engine.runs.request import Request
from tests.launch.workers import over, until
from tests.training.loops import LIMITS

SMALL = {"numpy.ctypeslib", "numpy.ctypeslib._ctypeslib", "torch.utils._device"}
"""What libraries import when they are used, in a millisecond."""


def traced_command(home: Home, run_id: str, attempt: int) -> tuple[str, ...]:
    python, m, _, *arguments = worker_command(home, run_id, attempt)
    return (python, m, "tests.training.traced_worker", *arguments)


def train(home: Home, backbone: Path, fork_server: ForkServer | None) -> tuple[Store, str]:
    store = open_store(home)
    request = Request(methods=("adapter",), targets=("toy/question",), backbone=str(backbone), epochs=1, limits=LIMITS)
    (run_id,) = submit(make_plan(request, store, BUILT_IN), store)
    executor = LocalExecutor(home, slots_of([]), fork_server=fork_server)
    until(over(store, run_id), Supervisor(store, executor, traced_command), seconds=60)
    assert store.find(run_id).state is RunState.COMPLETED, store.find(run_id).cause
    return store, run_id


def test_a_forked_worker_trains_the_same_run_and_loads_nothing_large(
    tmp_path: Path, tiny_backbone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also with the threads that a slot gives it, which libraries count when they are loaded."""
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    homes = Home(tmp_path / "cold"), Home(tmp_path / "warm")
    cold, run_id = train(homes[0], tiny_backbone, None)
    homes[1].make()
    shutil.copytree(homes[0].tokens, homes[1].tokens)
    fork_server = ForkServer(homes[1], "engine.training.preload", patience=60.0)
    warm, same = train(homes[1], tiny_backbone, fork_server)
    assert same == run_id and fork_server.running is not None
    # Its own libraries have started no thread, so that forks lack none.
    assert psutil.Process(fork_server.running).num_threads() == 1
    fork_server.end()
    left, right = cold.find(run_id), warm.find(run_id)
    assert left.provenance is not None and left.provenance == right.provenance
    assert left.provenance["threads"] == len(os.sched_getaffinity(0))
    assert cold.results([run_id]) == warm.results([run_id]) != {}
    curves = [[(point.name, point.step, point.value) for point in store.metrics(run_id)] for store in (cold, warm)]
    assert curves[0] == curves[1] != []
    assert cold.checkpoints(run_id)["best"].sha256 == warm.checkpoints(run_id)["best"].sha256
    assert set(json.loads(warm.home.log(run_id).read_text().splitlines()[-1])) <= SMALL
