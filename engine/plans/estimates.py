"""What a plan will take: optimiser steps, trainable parameters, time and disk.

Time and disk come from completed runs of the same kind in the registry. What is not known stays unknown.
"""

from __future__ import annotations

import hashlib
import json
import statistics
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from engine.catalog.kinds import KINDS
from engine.catalog.method import COMMON
from engine.catalog.steps import steps_per_epoch
from engine.catalog.task import OwnData
from engine.files.disk import atomic_write
from engine.files.home import Home
from engine.plans.planner import Plan, PlannedRun
from engine.registry.store import Store
from engine.registry.tables import Run, RunState
from engine.runs.spec import RunSpec

NEWEST = 20
"""Completed runs of a kind that an estimate reads."""
STEADY = 50
"""Steps from which on a run's time is that of its steps, not of its start."""
Count = Callable[[list[dict[str, Any]]], list[int | None]]
"""Counts the trainable parameters of runs: ``engine.training.planned_parameters``."""


@dataclass(frozen=True)
class Estimate:
    """Of one run; None where it is not known."""

    steps: int | None
    """Optimiser steps planned; early stopping may end it sooner."""
    trainable: int | None
    """Parameters, heads included."""
    seconds: float | None
    bytes: int | None
    """Of its checkpoint and its evidence."""


def estimates(plan: Plan, opened: Mapping[str, Mapping[str, int]], store: Store, count: Count) -> dict[str, Estimate]:
    """For every run of the plan, by id. ``opened`` are the rows that its files hold, by task and official split."""
    trainable = _trainable(plan, store.home, count)
    kinds = {(run.spec.method, run.spec.backbone) for run in plan.runs}
    earlier = {kind: _earlier(store, *kind) for kind in kinds}
    return {
        run.run_id: _estimate(run, opened, trainable.get(run.run_id), *earlier[run.spec.method, run.spec.backbone])
        for run in plan.runs
    }


def _estimate(
    run: PlannedRun, opened: Mapping[str, Mapping[str, int]], trainable: int | None, pace: float | None, size: int | None
) -> Estimate:
    steps = planned_steps(run.spec, opened)
    return Estimate(steps, trainable, steps * pace if steps and pace else None, size)


def planned_steps(spec: RunSpec, opened: Mapping[str, Mapping[str, int]] | None = None) -> int | None:
    """Epochs times steps of an epoch; None where the number of examples is known only when texts are read.

    ``opened`` are the rows that files hold where they may be others than the catalog says.
    """
    settings = spec.hyperparameters
    sizes = [_examples(spec, key, (opened or {}).get(key, {})) for key in spec.targets]
    fixed = int(settings.get("steps_per_epoch", 0))
    if not fixed and not all(sizes):
        return None
    return int(settings["epochs"]) * steps_per_epoch([size or 0 for size in sizes], int(settings["batch_size"]), fixed)


def _examples(spec: RunSpec, key: str, opened: Mapping[str, int]) -> int | None:
    task = spec.task(key)
    if not isinstance(task.data, OwnData) and opened.get("train", task.sizes[0]) != task.sizes[0]:
        # A part of the official rows, of which a tenth becomes dev.
        task = replace(task, sizes=(opened["train"], task.sizes[1]), dev_size=None)
    # A ranked row is as many examples as it has candidates.
    rows = None if KINDS[task.kind].ranks_candidates else task.split_sizes["train"]
    bounds = [bound for bound in (rows, spec.limits.get("train"), spec.shots) if bound]
    return min(bounds) if rows else None


def _earlier(store: Store, method: str, backbone: str) -> tuple[float | None, int | None]:
    """Seconds per step, and bytes on disk, of the newest completed runs of a method on a backbone: medians.

    Only runs on the device of the newest one count.
    """
    newest = store.runs(states=[RunState.COMPLETED], method=method, backbone=backbone, limit=NEWEST)
    trained = [run for run in newest if run.device]
    runs = [run for run in trained if run.device == trained[0].device]
    paces = [run.seconds / run.step for run in runs if run.step >= STEADY and run.seconds]
    sizes = [size for run in runs if (size := _bytes(store, run))]
    return (statistics.median(paces) if paces else None, int(statistics.median(sizes)) if sizes else None)


def _bytes(store: Store, run: Run) -> int:
    best = store.checkpoints(run.id).get("best")
    return (best.bytes if best else 0) + sum(row.bytes for row in store.evidence(run.id))


def _trainable(plan: Plan, home: Home, count: Count) -> dict[str, int]:
    """By run id: as it was counted before for the same method, backbone, heads and settings, else counted now."""
    settings = {run.spec.run_id: dict(run.spec.hyperparameters) for run in plan.runs}
    known: dict[str, int] = {run.run_id: run.existing.trainable for run in plan.runs if run.existing and run.existing.trainable}
    file = home.root / "parameters.json"
    cache = _read(file)
    keys = {run.run_id: _key(run.spec, settings) for run in plan.runs if run.run_id not in known}
    missing = {key: run for run in plan.runs if (key := keys.get(run.run_id)) and key not in cache}
    if missing:
        asked = [
            {
                "spec": run.spec.model_dump(mode="json"),
                "sources": {source.task: settings.get(source.run_id, {}) for source in run.spec.sources},
            }
            for run in missing.values()
        ]
        cache |= {key: number for key, number in zip(missing, count(asked), strict=True) if number is not None}
        if home.root.is_dir():
            with suppress(OSError), atomic_write(file) as draft:
                draft.write_text(json.dumps(cache), encoding="utf-8")
    return known | {run_id: cache[key] for run_id, key in keys.items() if key in cache}


def _key(spec: RunSpec, settings: Mapping[str, Mapping[str, Any]]) -> str:
    """What determines the shapes of a run's trainable tensors."""
    own = {name: value for name, value in spec.hyperparameters.items() if name not in COMMON}
    heads = [(task.kind, len(task.labels)) for task in spec.tasks]
    sources = [{name: settings.get(source.run_id, {}).get(name) for name in ("reduction",)} for source in spec.sources]
    about = [spec.method, spec.distribution, spec.backbone_revision, own, heads, sources]
    return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()


def _read(file: Path) -> dict[str, int]:
    try:
        stored = json.loads(file.read_text(encoding="utf-8"))
        return {str(key): int(number) for key, number in stored.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}


def totals(found: Sequence[Estimate]) -> tuple[float | None, int | None]:
    """Seconds and bytes of all runs; None where one is not known."""
    seconds, sizes = [one.seconds for one in found], [one.bytes for one in found]
    return (
        sum(value for value in seconds if value) if found and all(seconds) else None,
        sum(value for value in sizes if value) if found and all(sizes) else None,
    )
