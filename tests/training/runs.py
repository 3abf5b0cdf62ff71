"""Runs of the registry, trained in the process of the test."""

from __future__ import annotations

import signal

from engine.registry.records import Run
from engine.registry.store import Store
from engine.training.attempt import work
from engine.training.termination import Termination
from engine.worker_exit import WorkerExit


def work_on(store: Store, run_id: str, termination: Termination | None = None) -> int:
    """One attempt of a queued run; the worker's exit code."""
    before = signal.getsignal(signal.SIGTERM)
    attempt = store.claim(run_id, "local", "cpu")
    assert attempt is not None
    try:
        return work(store, run_id, attempt, termination or Termination())
    finally:
        signal.signal(signal.SIGTERM, before)


def trained(store: Store, run_id: str) -> Run:
    """The queued run, completed now."""
    assert work_on(store, run_id) == WorkerExit.COMPLETED, store.find(run_id).cause
    return store.find(run_id)
