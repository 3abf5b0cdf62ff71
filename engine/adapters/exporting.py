"""The source adapter of a completed run to a file that other homes import."""

from __future__ import annotations

import re
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

from safetensors import SafetensorError

from engine.adapters.card import FORMAT, PORTABLE, AdapterCard, Provenance, Shape, Training
from engine.adapters.card_facts import README
from engine.adapters.model_card import AboutExport, model_card
from engine.catalog.backbones import BACKBONES
from engine.catalog.methods import SOURCE_METHODS
from engine.encoder.loading import shape_of
from engine.errors import UserError
from engine.files.disk import atomic_write
from engine.plugins.home_catalog import load_catalog
from engine.registry.reading import Reader
from engine.registry.records import Run, RunState
from engine.reports.conditions import different_conditions
from engine.reports.table import Column
from engine.runs.spec import fingerprint_of
from engine.training.checkpoints import load_checkpoint, save_tensors, tensors_digest
from engine.training.provenance import package_version

LICENSE = re.compile(r"[a-z0-9][a-z0-9.-]{0,63}")
PRIVATE = {"host", "imported"}
"""Parts of the provenance that are not exported."""


def export_adapter(reader: Reader, ref: str, destination: Path, license: str | None = None) -> dict[str, Any]:
    """Write the adapter of a completed stage-1 run to ``destination``, a new ``.safetensors`` file or a folder for one.

    A folder that does not exist is made; a name with another suffix is taken for a file and refused. Beside it lies its model
    card: README.md in a folder that has none, else a file with the adapter's name.

    Returns ``run``, ``task``, ``file``, ``sha256``, ``bytes`` and ``card``. Raises UserError; then nothing was written.
    """
    if license is not None and not LICENSE.fullmatch(license):
        raise UserError(f"{license[:40]!r} is no name of a license as the hub has it, such as apache-2.0 or cc-by-4.0")
    run = reader.find(ref)
    if run.method not in SOURCE_METHODS:
        raise UserError(f"{run.id} is a {run.method} run; only source adapters ({', '.join(SOURCE_METHODS)}) can be exported")
    if run.state != RunState.COMPLETED:
        raise UserError(f"{run.id} is {run.state}; an adapter is exported when its run is completed")
    path = destination
    new_folder = not path.suffix and not path.exists()
    if new_folder or path.is_dir():
        path /= f"{run.target.replace('/', '-')}-{run.method}-{run.id}.safetensors"
    about_path = path.with_suffix(".md")
    if path.parent == destination and not (destination / README).exists():
        about_path = destination / README
    if path.suffix != ".safetensors":
        raise UserError(f"{destination} is no folder, and a file must end in .safetensors; name one or the other")
    for taken in (path, about_path):
        if taken.exists():
            raise UserError(f"{taken} exists; name another file")
    if not new_folder and not path.parent.is_dir():
        raise UserError(f"{path.parent} is not a folder; make it first")
    recorded = reader.checkpoints(run.id).get("best")
    tensors, checkpoint_card = load_checkpoint(reader.home.checkpoint(run.id, "best"), recorded.sha256 if recorded else None)
    imported = checkpoint_card.get(PORTABLE)
    card = AdapterCard(**imported) if imported else _card(reader, run, tensors_digest(tensors))
    page = model_card(card, _about(reader, run, path.name, license))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(about_path) as draft:
            draft.write_text(page, encoding="utf-8", errors="replace")
        saved = save_tensors(path, tensors, card.model_dump(mode="json"))
        path.chmod(0o644)  # Meant for other users, but safetensors writes files that only their owner can read.
    except (OSError, SafetensorError) as error:
        about_path.unlink(missing_ok=True)
        raise UserError(f"{path} cannot be written ({error}); name another place") from None
    return {"run": run.id, "task": run.target, "file": str(path), **asdict(saved), "card": str(about_path)}


def _about(reader: Reader, run: Run, file: str, license: str | None) -> AboutExport:
    """What the registry knows beside the run itself: the results of the same training with other seeds."""
    alike = [other for other in reader.runs(states=[RunState.COMPLETED], target=run.target) if other.group_id == run.group_id]
    results = reader.results([other.id for other in alike])
    scored = {other.seed: results[other.id].get(run.target, {}) for other in alike if other.id in results}
    conditions = different_conditions({Column(run.target, run.target, run.metric or ""): alike})
    return AboutExport(file, scored, conditions, license)


def _card(reader: Reader, run: Run, sha256: str) -> AdapterCard:
    spec = run.parsed.completed_from(load_catalog(reader.home))
    try:
        (definition,) = spec.definitions
    except KeyError:
        raise UserError(
            f"the task {run.target} of {run.id} is not in the catalog any more; put its benchmark back first"
        ) from None
    fingerprint = fingerprint_of(spec, [definition])
    if not reader.is_known_as(run, fingerprint):
        raise UserError(
            f"the definition of {run.target} changed since {run.id} was trained; train it again and export that run"
        )
    config = shape_of(spec.backbone_path or spec.backbone)
    local = spec.backbone_path == spec.backbone
    without_paths: dict[str, Any] = {
        "data_dir": None,
        "own": {},
        **({"backbone": _folder_name(spec.backbone), "backbone_path": None} if local else {}),
    }
    return AdapterCard(
        format=FORMAT,
        version=package_version(),
        fingerprint=fingerprint,
        spec=spec.model_copy(update=without_paths),
        task=dict(definition),
        backbone=Shape(
            architecture=cast(Any, config.model_type), layers=config.num_hidden_layers, hidden_size=config.hidden_size
        ),
        training=Training(**{name: getattr(run, name) for name in Training.model_fields}),
        results=reader.results([run.id]).get(run.id, {}),
        provenance=Provenance(**{name: value for name, value in (run.provenance or {}).items() if name not in PRIVATE}),
        tensors_sha256=sha256,
    )


def _folder_name(folder: str) -> str:
    """The name by which other machines know a backbone folder: never that of a catalog entry, which has other files."""
    name = Path(folder).name
    return f"{name}-folder" if name in BACKBONES else name
