"""Completed runs, written into a registry the way a worker writes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.catalog.backbones import BACKBONES
from engine.catalog.catalog import BUILT_IN
from engine.catalog.methods import METHODS
from engine.catalog.task import MEAN
from engine.registry.records import Run, RunState, Source
from engine.registry.store import Store
from engine.runs.spec import RunSpec, SourceSpec

REVISIONS = {name: info.revision or f"sha256:{info.sha256}" for name, info in BACKBONES.items()}
PROVENANCE = {
    "git_commit": "0123456789abcdef0123456789abcdef01234567",
    "versions": {"scalearn-tui": "0.1.0", "torch": "2.13.0"},
}


def spec(
    method: str,
    target: str | Sequence[str],
    seed: int = 0,
    sources: Sequence[RunSpec] = (),
    backbone: str = "roberta-base",
    data: str = "d" * 40,
    limits: dict[str, int] | None = None,
    shots: int | None = None,
    **settings: Any,
) -> RunSpec:
    targets = (target,) if isinstance(target, str) else tuple(target)
    return RunSpec(
        method=method,
        backbone=backbone,
        # The revision, not the name, tells backbones apart.
        backbone_revision=REVISIONS[backbone],
        targets=targets,
        sources=tuple(SourceSpec(task=source.target, run_id=source.run_id) for source in sources),
        seed=seed,
        hyperparameters=METHODS[method].resolve(
            settings,
            BUILT_IN.joint_name(targets),
            BUILT_IN.tasks[targets[0]].select_by,
            shots,
        ),
        limits=limits or {},
        shots=shots,
        data=dict.fromkeys(targets, data),
    )


def queue(store: Store, spec: RunSpec, command: str = "scalearn run", **fields: Any) -> Run:
    """``fields`` are those of ``Run.of``."""
    edges = [
        Source(run_id=spec.run_id, position=position, source_id=source.run_id, task=source.task)
        for position, source in enumerate(spec.sources)
    ]
    row = Run.of(spec, command=command, **fields)
    store.add([row], edges)
    return store.find(row.id)


def start(store: Store, run: RunSpec, **fields: Any) -> int:
    """Queue and start; the number of the attempt."""
    run_id = queue(store, run, **fields).id
    attempt = store.claim(run_id, "local", "cpu")
    assert attempt is not None
    store.started(run_id, attempt)
    return attempt


def complete(
    store: Store,
    run: RunSpec,
    value: float,
    trainable: int | None = None,
    transfer: int | None = None,
    provenance: dict[str, Any] | None = None,
    **fields: Any,
) -> RunSpec:
    """``value`` becomes every target's headline metric on test, as a fraction; ``fields`` are those of ``Run.of``."""
    attempt = start(store, run, **fields)
    headlines = {task.key: task.headline for task in run.tasks} | ({MEAN: MEAN} if len(run.tasks) > 1 else {})
    results = {
        key: {"dev": {name: value - 0.01, "loss": 0.5}, "test": {name: value, "loss": 0.6}} for key, name in headlines.items()
    }
    counts = {"trainable": trainable, "transfer": transfer}
    written = {**counts, "provenance": PROVENANCE | (provenance or {}), "best_epoch": 2, "epoch": 3, "seconds": 61.0}
    assert store.finish(fields.get("id", run.run_id), attempt, RunState.COMPLETED, results=results, **written)
    return run
