"""A completed run's model again: backbone, sources and the parameters of its best epoch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.catalog.backbones import BACKBONES
from engine.catalog.catalog import Catalog
from engine.encoder.config import EncoderConfig
from engine.encoder.loading import load_config
from engine.errors import UserError
from engine.files.backbones import find_backbone
from engine.files.identity import backbone_revision
from engine.methods.model import Model
from engine.registry.reading import Reader
from engine.registry.records import Run, RunState
from engine.runs.spec import RunSpec
from engine.training.build import build_model
from engine.training.checkpoints import load_checkpoint, tensors_digest
from engine.training.device import Device, choose_device
from engine.training.sources import load_sources


@dataclass
class Trained:
    """The model of a completed run, and what it was trained with."""

    spec: RunSpec
    model: Model
    """On the device, in evaluation mode."""
    folder: Path
    """The backbone's files."""
    config: EncoderConfig
    device: Device


def load_trained(reader: Reader, run: Run, catalog: Catalog) -> Trained:
    """The run's model, ready to predict.

    Raises UserError when the run is not completed, or a file of it, its sources or its backbone is missing or changed.
    """
    if run.state != RunState.COMPLETED:
        raise UserError(f"run {run.id} is {run.state}; only completed runs predict")
    spec = run.parsed.completed_from(catalog)
    method = spec.method_in(catalog)
    recorded = reader.checkpoints(run.id).get("best")
    path = reader.home.checkpoint(run.id, "best")
    if recorded is None and run.imported:
        advice = "import a bundle that was written with --checkpoints"
        raise UserError(f"run {run.id} was imported without its checkpoint; {advice}, or delete it and train it again")
    if recorded is None or not path.is_file():
        raise UserError(
            f"run {run.id} has lost its file {path}; put it back, or train it again after `scalearn delete {run.id}`"
        )
    tensors, card = load_checkpoint(path, recorded.sha256)
    _check_tasks(reader, run, spec, card)
    folder = _backbone(run, spec)
    sources = load_sources(reader, run.id, spec, card.get("similarities"))
    for source, expected in zip(sources, card["sources"], strict=True):
        if tensors_digest(source.tensors) != expected["sha256"]:
            raise UserError(
                f"the source adapter {expected['task']} (run {expected['run']}) is not the one that run {run.id} was trained "
                "with; import that one, or train the run again"
            )
    device = choose_device(str(spec.hyperparameters["precision"]))
    model = build_model(spec, method, folder, sources)
    model.load_trainable(tensors)
    return Trained(spec, device.place(model).eval(), folder, load_config(folder), device)


def _check_tasks(reader: Reader, run: Run, spec: RunSpec, card: Mapping[str, Any]) -> None:
    """That the tasks are those that the run was trained on. Raises UserError."""
    for key, recorded in card["tasks"].items():
        try:
            task = spec.task(key)
        except KeyError:
            raise UserError(f"the task {key} of run {run.id} is not in the catalog; add its benchmark first") from None
        if run.imported and not reader.is_known_as(run, spec.fingerprint):
            raise UserError(f"the task {key} of the imported run {run.id} is another one than {key} of the catalog")
        if recorded != {"kind": task.kind, "labels": list(task.labels)}:
            raise UserError(f"the labels of {key} are not those that run {run.id} was trained with; train it again")
    if not reader.is_known_as(run, spec.fingerprint):
        raise UserError(
            f"this version renders or tokenizes {run.target} differently than run {run.id} was trained on; train it again"
        )


def _backbone(run: Run, spec: RunSpec) -> Path:
    if run.imported and spec.backbone_path is None and spec.backbone not in BACKBONES:
        raise UserError(
            f"run {run.id} was trained elsewhere on a folder called {spec.backbone}; "
            "take it as a source of a run of yours with --backbone FOLDER, and predict with that one"
        )
    backbone = find_backbone(spec.backbone_path or spec.backbone)
    folder = backbone.folder(download=True)
    if backbone_revision(backbone) != spec.backbone_revision:
        raise UserError(f"the backbone {spec.backbone} changed since run {run.id} was trained; bring back its files")
    return folder
