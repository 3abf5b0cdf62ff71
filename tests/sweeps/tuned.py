"""A tuned sweep of two methods, whose runs end as a test wants them to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from engine.catalog.catalog import BUILT_IN
from engine.files.home import Home
from engine.registry.opening import open_reader
from engine.registry.records import DIVERGED, Run, RunState
from engine.registry.store import Store
from engine.sweeps.declaration import parse_sweep
from engine.sweeps.planning import PlannedSweep, plan_sweep
from tests.reports.rows import PROVENANCE

FILE = """
name = "tuned"
backbones = "minilm"
targets = ["toy/claim", "toy/question"]
methods = ["adapter", "lora"]
seeds = [0, 1]
epochs = 1

[tune]
settings = 3
seeds = [100, 101]
[tune.space]
learning_rate = [1e-4, 1e-3, 1e-2]
"""
ADAPTER = FILE.replace('["adapter", "lora"]', '"adapter"')


def planned(home: Home, text: str = FILE) -> PlannedSweep:
    return plan_sweep(parse_sweep(text, Path("tuned.toml")), open_reader(home), BUILT_IN)


def end(store: Store, value: Callable[[Run], float | None]) -> list[Run]:
    """End all runs that are queued: with ``value`` on dev and a little less on test, or diverged where that is None."""
    ready = store.ready()
    for run in ready:
        attempt = store.claim(run.id, "local", "cpu")
        assert attempt is not None
        store.started(run.id, attempt)
        if (best := value(run)) is None:
            store.finish(run.id, attempt, RunState.FAILED, f"{DIVERGED} nan at step 3")
            continue
        results = {run.target: {"dev": {"accuracy": best}}}
        if not run.parsed.dev_only:
            results[run.target]["test"] = {"accuracy": best - 0.1}
        facts = {"best": best, "value": best, "step": 5, "best_epoch": 1, "provenance": PROVENANCE}
        store.finish(run.id, attempt, RunState.COMPLETED, results=results, **facts)
    return ready


def rate(run: Run) -> float:
    return float(run.parsed.hyperparameters["learning_rate"])
