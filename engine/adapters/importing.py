"""An exported adapter's file to a completed run."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from engine.adapters.card import PORTABLE, AdapterCard, TaskCard, read_artefact
from engine.errors import UserError
from engine.registry.records import Checkpoint, Run, RunState, utc_now
from engine.registry.store import Store
from engine.runs.definition import without_metrics
from engine.training.checkpoint_card import checkpoint_card
from engine.training.checkpoints import load_checkpoint, save_checkpoint, tensors_digest


def import_adapter(store: Store, path: Path) -> dict[str, Any]:
    """Add an exported adapter as a completed run; returns ``run``, ``task``, ``file``, and ``new``: whether it was added now.

    Raises UserError for a file that fails a check and for a run of that id with other content; then nothing was added.
    """
    tensors, card = read_artefact(path)
    run = _row(card, path)
    # An earlier version may have trained it here, under another id.
    run.id = store.aliases().get(run.fingerprint, run.id)
    report = {"run": run.id, "task": run.target, "file": str(path)}
    lost_file = False
    for existing in store.runs(ids=[run.id]):
        if not store.is_known_as(existing, run.fingerprint):
            raise UserError(f"{path}: another run has the id {run.id}; import it into another SCALEARN_HOME")
        if existing.state.live:
            raise UserError(f"{path}: its run {run.id} is being trained here; stop that first with `scalearn stop {run.id}`")
        if existing.state == RunState.COMPLETED:
            existing_digest = _tensors_digest_of(store, run.id)
            if existing_digest == card.tensors_sha256:
                return {**report, "new": False}
            if existing_digest is not None:
                raise UserError(
                    f"{path}: run {run.id} is here already with other weights; keep those or set another SCALEARN_HOME"
                )
            lost_file = True

    def write_checkpoint() -> Checkpoint:
        about = checkpoint_card(card.spec, [TaskCard(**card.task).info()], run.fingerprint)
        about[PORTABLE] = card.model_dump(mode="json")
        saved = save_checkpoint(store.home.checkpoint(run.id, "best"), tensors, about)
        return Checkpoint(run_id=run.id, kind="best", step=run.step, epoch=run.best_epoch or 0, **asdict(saved))

    if not store.adopt(run, card.results, write_checkpoint, f"imported from {path.name}", lost_file):
        raise UserError(f"{path}: the run {run.id} changed meanwhile; import it again")
    return {**report, "new": True}


def _row(card: AdapterCard, path: Path) -> Run:
    """The run under the identity of today, whatever version exported it."""
    origin = {"imported": {"file": path.name, "at": utc_now().isoformat(timespec="seconds"), "version": card.version}}
    return Run.of(
        card.spec,
        definitions=[without_metrics(card.task)],
        state=RunState.COMPLETED,
        ended_at=utc_now(),
        provenance={**card.provenance.model_dump(), **origin},
        **card.training.model_dump(),
    )


def _tensors_digest_of(store: Store, run_id: str) -> str | None:
    """``tensors_digest`` of the best checkpoint; None when the file is missing or damaged."""
    recorded = store.checkpoints(run_id).get("best")
    try:
        return tensors_digest(load_checkpoint(store.home.checkpoint(run_id, "best"), recorded.sha256 if recorded else None)[0])
    except UserError:
        return None
