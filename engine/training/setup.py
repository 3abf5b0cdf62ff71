"""From a run's specification to everything its loop needs: backbone, data, sources, model, device."""

from __future__ import annotations

import importlib
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from engine.catalog.backbones import BACKBONES
from engine.catalog.benchmarks import TaskInfo
from engine.catalog.files import backbone_folder, backbone_revision, data_identity
from engine.catalog.methods import MethodInfo
from engine.data.tokens import TaskData, prepare
from engine.encoder.encoder import EncoderConfig
from engine.encoder.loading import load_config, load_encoder, save_encoder
from engine.errors import UserError
from engine.methods.model import Model, SourceAdapter
from engine.plans.spec import RunSpec
from engine.registry.store import Store
from engine.registry.tables import Checkpoint, Run
from engine.training.checkpoints import Saved, load_checkpoint
from engine.training.device import Device, choose_device
from engine.training.evaluation import evaluate
from engine.training.loop import Files, Progress
from engine.training.provenance import provenance

log = logging.getLogger(__name__)
ADAPTER = "adapter."


@dataclass
class ReadyRun:
    """A run that can be trained, and the steps after training."""

    store: Store
    run: Run
    attempt: int
    spec: RunSpec
    folder: Path
    """The backbone's files."""
    model: Model
    data: TaskData
    device: Device
    files: Files

    def loop_arguments(self) -> dict[str, Any]:
        """All arguments of ``Loop`` but the recorder and the stop question."""
        return {
            "model": self.model,
            "task": self.spec.task,
            "data": self.data,
            "settings": dict(self.spec.hyperparameters),
            "seed": self.spec.seed,
            "device": self.device,
            "files": self.files,
            "card": card(self.spec),
        }

    def final_results(self) -> dict[str, dict[str, float]]:
        """Numbers of the selected parameters on dev and on every reported split."""
        names = ["dev", *(name for name, _ in self.spec.task.tests)]
        return {name: evaluate(self.model, self.spec.task, self.data.splits[name], self.device) for name in names}

    def publish(self) -> None:
        """Write a fully fine-tuned backbone in the hub's format, so that ``--backbone FOLDER`` reads it."""
        if any(parameter.requires_grad for parameter in self.model.encoder.parameters()):
            save_encoder(self.model.encoder, self.folder, self.store.home.run(self.run.id) / "backbone")


def card(spec: RunSpec) -> dict[str, Any]:
    """What a checkpoint says of itself, enough to use it without the registry."""
    task = spec.task
    return {
        "format": 1,
        "method": spec.method,
        "backbone": spec.backbone,
        "backbone_revision": spec.backbone_revision,
        "task": task.key,
        "kind": task.kind,
        "labels": list(task.labels),
        "sources": [source.task for source in spec.sources],
        "hyperparameters": dict(spec.hyperparameters),
        "fingerprint": spec.fingerprint,
    }


def prepare_run(store: Store, run: Run, attempt: int) -> ReadyRun:
    """Load and build everything. Raises UserError when files are missing, changed or do not fit."""
    spec = RunSpec(**run.spec)
    task, data_dir = spec.task, Path(spec.data_dir) if spec.data_dir else None
    if data_identity(task, data_dir) != spec.data:
        raise UserError(f"the rows of {task.key} changed since the run was queued; queue it again with `scalearn run`")
    folder = backbone_folder(spec.backbone_path or spec.backbone, download=True)
    if backbone_revision(spec.backbone_path or spec.backbone) != spec.backbone_revision:
        raise UserError(f"the backbone {spec.backbone} changed since the run was queued; queue it again with `scalearn run`")
    config = load_config(folder)
    data = prepare(_within_positions(task, config), folder, store.home.tokens, data_dir, spec.limits)
    _check_tokens(data, config, folder)
    device = choose_device(str(spec.hyperparameters["precision"]))
    model = build_model(spec, folder, load_sources(store, run.id, spec)).to(device.name)
    _describe(store, run, attempt, spec, model, data, device)
    files = Files(
        best=store.home.checkpoint(run.id, "best"),
        last=store.home.checkpoint(run.id, "last"),
        record=_checkpoint_recorder(store, run.id, attempt),
    )
    return ReadyRun(store, run, attempt, spec, folder, model, data, device, files)


def _within_positions(task: TaskInfo, config: EncoderConfig) -> TaskInfo:
    """``task``, cut to what the backbone has positions for."""
    if config.max_length >= task.max_length:
        return task
    log.warning("%s: texts are cut to %d tokens, all that the backbone reads", task.key, config.max_length)
    return replace(task, max_length=config.max_length)


def _check_tokens(data: TaskData, config: EncoderConfig, folder: Path) -> None:
    largest = max(int(split.tokens.max()) for split in data.splits.values())
    if largest >= config.vocab_size:
        raise UserError(
            f"the tokenizer in {folder} gives the id {largest}, but the weights have {config.vocab_size} embeddings; "
            "take files that belong together"
        )


def build_model(spec: RunSpec, folder: Path, sources: list[SourceAdapter]) -> Model:
    """The method's model on the pretrained backbone, its new parameters drawn from the run's seed."""
    named = BACKBONES.get(spec.backbone)
    encoder = load_encoder(folder, named.sha256 if named else None, float(spec.hyperparameters["dropout"]))
    torch.manual_seed(spec.seed)
    return resolve(spec.method_info)(encoder, [spec.task], sources, {**spec.hyperparameters, **spec.method_info.fixed})


def resolve(method: MethodInfo) -> Callable[..., Model]:
    """The function that ``implementation`` names."""
    module, name = method.implementation.split(":")
    attach: Callable[..., Model] = getattr(importlib.import_module(module), name)
    return attach


def load_sources(store: Store, run_id: str, spec: RunSpec) -> list[SourceAdapter]:
    """The selected adapters of the source runs, in order, each checked against its recorded digest and backbone."""
    adapters = []
    for source in store.sources(run_id):
        recorded = store.checkpoints(source.source_id).get("best")
        if recorded is None:
            raise UserError(f"source adapter {source.task} has no checkpoint; `scalearn resume {source.source_id}` trains it")
        tensors, about = load_checkpoint(store.home.checkpoint(source.source_id, "best"), recorded.sha256)
        if about.get("backbone_revision") != spec.backbone_revision:
            raise UserError(f"source adapter {source.task} was trained on {about.get('backbone')}, not on {spec.backbone}")
        adapter = {name: tensor for name, tensor in tensors.items() if name.startswith(ADAPTER)}
        adapters.append(SourceAdapter(source.task, adapter))
    return adapters


def _checkpoint_recorder(store: Store, run_id: str, attempt: int) -> Callable[[str, Progress, Saved], None]:
    def record(kind: str, progress: Progress, saved: Saved) -> None:
        row = Checkpoint(
            run_id=run_id, kind=kind, step=progress.step, epoch=progress.epoch, sha256=saved.sha256, bytes=saved.bytes
        )
        store.checkpointed(run_id, attempt, row)

    return record


def _describe(store: Store, run: Run, attempt: int, spec: RunSpec, model: Model, data: TaskData, device: Device) -> None:
    """Tell the registry what is trained on what, and keep the split beside the checkpoints."""
    sizes = {name: len(split) for name, split in data.splits.items()}
    trainable = sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)
    transfer = sum(tensor.numel() for tensor in model.transfer_tensors().values())
    about = {**provenance(), **device.describe(), "splits": sizes, "labels": list(spec.task.labels), "data": spec.data}
    store.progress(run.id, attempt, metric=spec.task.headline, trainable=trainable, transfer=transfer, provenance=about)
    indices = store.home.run(run.id) / "splits.json"
    indices.parent.mkdir(parents=True, exist_ok=True)
    indices.write_text(json.dumps(data.split_indices))
    log.info("%s trainable parameters, %s on %s", f"{trainable:,}", sizes, device.describe()["device"])
