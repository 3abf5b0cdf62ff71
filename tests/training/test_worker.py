"""What a worker says of its own end."""

from __future__ import annotations

import errno
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import SafetensorError

from engine.registry.records import RunState
from engine.registry.store import Store
from engine.training.attempt import _advice, work
from engine.training.termination import Termination
from engine.worker_exit import WorkerExit
from tests.registry.rows import run


@pytest.mark.parametrize(("requested", "cause"), [(True, "stopped on request"), (False, "stopped by a signal")])
def test_the_cause_says_who_stopped_it(requested: bool, cause: str, store: Store, termination: Termination) -> None:
    run_id = run(1).id
    store.add([run(1, peak_memory=7)], [])
    assert store.claim(run_id, "local", "cpu") == 1
    if requested:
        store.request_stop([run_id])
    os.kill(os.getpid(), signal.SIGTERM)
    assert work(store, run_id, 1, termination) == WorkerExit.STOPPED
    assert store.find(run_id).state == RunState.STOPPED
    assert store.find(run_id).peak_memory == 7, "of an earlier attempt"
    assert store.find(run_id).cause == f"{cause}; `scalearn resume` continues it"


def test_the_cause_is_the_last_line_of_the_log_when_the_registry_cannot_be_written(
    store: Store, termination: Termination, caplog: pytest.LogCaptureFixture
) -> None:
    run_id = run(1).id
    store.add([run(1)], [])
    assert store.claim(run_id, "local", "cpu") == 1
    with closing(sqlite3.connect(store.home.database)) as connection, connection:
        connection.execute("ALTER TABLE event RENAME TO hidden")
    assert work(store, run_id, 1, termination) == WorkerExit.FAILED
    assert "no such table: event" in caplog.messages[-1] and "\n" not in caplog.messages[-1]


def test_a_registry_that_cannot_be_opened_is_one_line(tmp_path: Path) -> None:
    home = tmp_path / "nothing"
    argv = [sys.executable, "-m", "engine.training.worker", "0123456789", "--attempt", "1", "--home", str(home)]
    done = subprocess.run(argv, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (WorkerExit.FAILED, "")
    assert f"the registry in {home} is missing" in done.stdout and done.stdout.count("\n") == 1
    assert not home.exists()


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)"),
    ],
)
def test_a_full_disk_is_reported_wherever_it_was_met(error: Exception) -> None:
    assert (_advice(error) or "").startswith("the disk is full; free some space, then `scalearn resume`")


@pytest.mark.parametrize("allocate", [lambda: torch.empty(10**15), lambda: np.empty(10**15)], ids=["torch", "numpy"])
def test_memory_that_the_machine_lacks_is_advice_and_no_traceback(allocate: Callable[[], object]) -> None:
    with pytest.raises((RuntimeError, MemoryError)) as raised:
        allocate()
    advice = _advice(raised.value)
    assert advice is not None and advice.startswith("out of memory; end other processes and `scalearn resume`")
    assert "llocate" in advice and "\n" not in advice


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("CUDA error: out of memory\nCUDA kernel errors might be asynchronously reported", True),
        ("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`", True),
        ("CUDA error: device-side assert triggered", False),
    ],
)
def test_errors_of_a_gpu_without_a_type_of_their_own(text: str, missing: bool) -> None:
    assert (_advice(RuntimeError(text)) is not None) == missing
