"""Source adapters as files: ``python -m engine.adapters.portable export RUN_ID FILE --home FOLDER``, and ``import FILE``.

Prints one JSON object that tells what was written or added. A refusal is one line on stderr and exit code 2.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

from safetensors import SafetensorError

from engine.adapters.card import FORMAT, AdapterCard, Provenance, Shape, TaskCard, Training, read_artefact
from engine.catalog.backbones import BACKBONES
from engine.catalog.methods import SOURCE_METHODS
from engine.child_main import exit_code_of
from engine.errors import UserError
from engine.files.home import Home
from engine.own_benchmarks.stored import load_catalog
from engine.registry.store import Store, open_store
from engine.registry.tables import Checkpoint, Run, RunState, utc_now
from engine.runs.definition import without_metrics
from engine.runs.spec import fingerprint_of
from engine.training.checkpoints import load_checkpoint, save_checkpoint, tensors_digest
from engine.training.parameter_counts import shape_of
from engine.training.provenance import package_version

PORTABLE = "portable"
"""Where the checkpoint of an imported adapter keeps the card that came with it."""
PRIVATE = {"host", "imported"}
"""Parts of the provenance that concern nobody elsewhere."""


def export_adapter(store: Store, ref: str, place: Path) -> dict[str, Any]:
    """Write the adapter of a completed stage-1 run to ``place``, a new ``.safetensors`` file or a folder for one.

    Raises UserError; then nothing was written.
    """
    run = store.find(ref)
    if run.method not in SOURCE_METHODS:
        raise UserError(f"{run.id} is a {run.method} run; only source adapters ({', '.join(SOURCE_METHODS)}) can be exported")
    if run.state != RunState.COMPLETED:
        raise UserError(f"{run.id} is {run.state}; an adapter is exported when its run is completed")
    path = place / f"{run.target.replace('/', '-')}-{run.method}-{run.id}.safetensors" if place.is_dir() else place
    if path.suffix != ".safetensors":
        raise UserError(f"{place} is no folder, and a file must end in .safetensors; name one or the other")
    if path.exists():
        raise UserError(f"{path} exists; name another file")
    if not path.parent.is_dir():
        raise UserError(f"{path.parent} is not a folder; make it first")
    recorded = store.checkpoints(run.id).get("best")
    tensors, about = load_checkpoint(store.home.checkpoint(run.id, "best"), recorded.sha256 if recorded else None)
    card = AdapterCard(**about[PORTABLE]) if PORTABLE in about else _card(store, run, tensors_digest(tensors))
    try:
        saved = save_checkpoint(path, tensors, card.model_dump(mode="json"))
        path.chmod(0o644)  # It is meant for others, and safetensors lets only its owner read it.
    except (OSError, SafetensorError) as error:
        raise UserError(f"{path} cannot be written ({error}); name another place") from None
    return {"run": run.id, "task": run.target, "file": str(path), **asdict(saved)}


def _card(store: Store, run: Run, sha256: str) -> AdapterCard:
    spec = run.parsed.completed_from(load_catalog(store.home.benchmarks))
    try:
        (definition,) = spec.definitions
    except KeyError:
        raise UserError(
            f"the task {run.target} of {run.id} is not in the catalog any more; put its benchmark back first"
        ) from None
    fingerprint = fingerprint_of(spec, [definition])
    if not store.is_known_as(run, fingerprint):
        raise UserError(
            f"the definition of {run.target} changed since {run.id} was trained; train it again and export that run"
        )
    config = shape_of(spec.backbone_path or spec.backbone)
    local = spec.backbone_path == spec.backbone
    names: dict[str, Any] = {
        "data_dir": None,
        "own": {},
        **({"backbone": _folder_name(spec.backbone), "backbone_path": None} if local else {}),
    }
    return AdapterCard(
        format=FORMAT,
        version=package_version(),
        fingerprint=fingerprint,
        spec=spec.model_copy(update=names),
        task=dict(definition),
        backbone=Shape(
            architecture=cast(Any, config.model_type), layers=config.num_hidden_layers, hidden_size=config.hidden_size
        ),
        training=Training(**{name: getattr(run, name) for name in Training.model_fields}),
        results=store.results([run.id]).get(run.id, {}),
        provenance=Provenance(**{name: value for name, value in (run.provenance or {}).items() if name not in PRIVATE}),
        tensors_sha256=sha256,
    )


def _folder_name(folder: str) -> str:
    """What a backbone that is a folder is called elsewhere: never as one of the catalog, which has other files."""
    name = Path(folder).name
    return f"{name}-folder" if name in BACKBONES else name


def import_adapter(store: Store, path: Path) -> dict[str, Any]:
    """Add an exported adapter as a completed run of its own id; ``new`` tells whether it was not here before.

    Raises UserError for a file that fails a check and for a run of that id with other content; then nothing was added.
    """
    tensors, card = read_artefact(path)
    run = _row(card, path)
    # An earlier version may have trained it here under another fingerprint.
    run.id = store.aliases().get(run.fingerprint, run.id)
    told = {"run": run.id, "task": run.target, "file": str(path)}
    lost_file = False
    for existing in store.runs(ids=[run.id]):
        if not store.is_known_as(existing, run.fingerprint):
            raise UserError(f"{path}: another run has the id {run.id}; import it into another SCALEARN_HOME")
        if existing.state.live:
            raise UserError(f"{path}: its run {run.id} is being trained here; stop that first with `scalearn stop {run.id}`")
        if existing.state == RunState.COMPLETED:
            here = _digest_here(store, run.id)
            if here == card.tensors_sha256:
                return {**told, "new": False}
            if here is not None:
                raise UserError(
                    f"{path}: run {run.id} is here already with other weights; keep those or set another SCALEARN_HOME"
                )
            lost_file = True

    def place() -> Checkpoint:
        saved = save_checkpoint(store.home.checkpoint(run.id, "best"), tensors, _checkpoint_card(card))
        return Checkpoint(run_id=run.id, kind="best", step=run.step, epoch=run.best_epoch or 0, **asdict(saved))

    alias = fingerprint_of(card.spec, [without_metrics(card.task)])
    if not store.adopt(run, card.results, place, f"imported from {path.name}", lost_file, alias):
        raise UserError(f"{path}: the run {run.id} changed meanwhile; import it again")
    return {**told, "new": True}


def _row(card: AdapterCard, path: Path) -> Run:
    origin = {"imported": {"file": path.name, "at": utc_now().isoformat(timespec="seconds"), "version": card.version}}
    return Run.of(
        card.spec,
        definitions=[card.task],
        state=RunState.COMPLETED,
        ended_at=utc_now(),
        provenance={**card.provenance.model_dump(), **origin},
        **card.training.model_dump(),
    )


def _digest_here(store: Store, run_id: str) -> str | None:
    """Of the best checkpoint's tensors; None when the file is gone or damaged."""
    recorded = store.checkpoints(run_id).get("best")
    try:
        return tensors_digest(load_checkpoint(store.home.checkpoint(run_id, "best"), recorded.sha256 if recorded else None)[0])
    except UserError:
        return None


def _checkpoint_card(card: AdapterCard) -> dict[str, Any]:
    """What any checkpoint of ours says of itself, and the whole card beside it."""
    spec, task = card.spec, TaskCard(**card.task)
    return {
        "format": 1,
        "method": spec.method,
        "backbone": spec.backbone,
        "backbone_revision": spec.backbone_revision,
        "tasks": {task.key: {"kind": task.kind, "labels": list(task.labels)}},
        "sources": [],
        "hyperparameters": dict(spec.hyperparameters),
        "fingerprint": card.fingerprint,
        PORTABLE: card.model_dump(mode="json"),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m engine.adapters.portable", description="Export and import adapters.")
    parser.add_argument("--home", type=Path, required=True)
    kinds = parser.add_subparsers(dest="kind", required=True)
    exporting = kinds.add_parser("export")
    exporting.add_argument("run_id")
    exporting.add_argument("place", type=Path)
    kinds.add_parser("import").add_argument("file", type=Path)
    options = parser.parse_args(arguments)
    return exit_code_of(lambda: print(json.dumps(_answer(options))))


def _answer(options: argparse.Namespace) -> dict[str, Any]:
    store = open_store(Home(options.home))
    if options.kind == "export":
        return export_adapter(store, options.run_id, options.place)
    return import_adapter(store, options.file)


if __name__ == "__main__":
    sys.exit(main())
