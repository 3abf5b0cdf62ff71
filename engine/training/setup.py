"""From a run's specification to everything its loop needs: backbone, data, sources, model, device."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from engine.catalog.backbones import BACKBONES
from engine.catalog.task import MEAN
from engine.data.prepared import TaskData, TokenizedSplit, prepare, within_positions
from engine.data.samplers import few_shot
from engine.encoder.config import EncoderConfig
from engine.encoder.loading import load_config, load_encoder, save_encoder
from engine.errors import UserError
from engine.files.backbones import backbone_folder, backbone_revision, data_identity
from engine.methods.attach import attach
from engine.methods.model import Model, SourceAdapter
from engine.plans.availability import stay_offline
from engine.registry.store import Store
from engine.registry.tables import Checkpoint, Run
from engine.runs.spec import RunSpec
from engine.training.checkpoints import Saved, load_checkpoint, tensors_digest
from engine.training.device import Device, choose_device
from engine.training.evaluation import evaluate, summary
from engine.training.loop import Files, Progress
from engine.training.provenance import provenance
from engine.training.split_rows import keep_rows, kept_rows
from engine.training.text_similarity import text_similarities

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
    data: dict[str, TaskData]
    """By task key."""
    device: Device
    files: Files
    similarities: dict[str, float]
    """Of the source tasks' texts to the target's, where the method weighs sources by them."""
    sources: list[SourceAdapter]

    def loop_arguments(self) -> dict[str, Any]:
        """All arguments of ``Loop`` but the recorder and the stop question."""
        return {
            "model": self.model,
            "tasks": self.spec.tasks,
            "data": self.data,
            "settings": dict(self.spec.hyperparameters),
            "seed": self.spec.seed,
            "device": self.device,
            "files": self.files,
            "card": card(self.spec, self.similarities, self.sources),
        }

    def final_results(self) -> dict[str, dict[str, dict[str, float]]]:
        """Numbers of the selected parameters on dev and on every reported split: task -> split -> metric -> value."""
        found = {}
        for task in self.spec.tasks:
            splits = self.data[task.key].splits
            names = ["dev", *(name for name, _ in task.tests)]
            found[task.key] = {name: evaluate(self.model, task, splits[name], self.device) for name in names}
        if len(found) > 1:
            means = ("dev", "test")
            found[MEAN] = {name: summary(self.spec.tasks, {key: of[name] for key, of in found.items()}) for name in means}
        return found

    def publish(self) -> None:
        """Write a fully fine-tuned backbone in the hub's format, so that ``--backbone FOLDER`` reads it."""
        if any(parameter.requires_grad for parameter in self.model.encoder.parameters()):
            save_encoder(self.model.encoder, self.folder, self.store.home.run(self.run.id) / "backbone")


def card(
    spec: RunSpec, similarities: Mapping[str, float] | None = None, sources: Sequence[SourceAdapter] = ()
) -> dict[str, Any]:
    """What a checkpoint says of itself, enough to use it without the registry.

    Source adapters are not part of the file: they are named, with the digest of their tensors.
    """
    runs = {source.task: source.run_id for source in spec.sources}
    return {
        "format": 1,
        "method": spec.method,
        "backbone": spec.backbone,
        "backbone_revision": spec.backbone_revision,
        "tasks": {task.key: {"kind": task.kind, "labels": list(task.labels)} for task in spec.tasks},
        "sources": [
            {"task": source.task, "run": runs[source.task], "sha256": tensors_digest(source.tensors)} for source in sources
        ],
        **({"similarities": dict(similarities)} if similarities else {}),
        "hyperparameters": dict(spec.hyperparameters),
        "fingerprint": spec.fingerprint,
    }


def prepare_run(store: Store, run: Run, attempt: int) -> ReadyRun:
    """Load and build everything. Raises UserError when files are missing, changed or do not fit."""
    spec = RunSpec(**run.spec)
    data_dir = Path(spec.data_dir) if spec.data_dir else None
    needed = [*spec.tasks, *(spec.task(one.task) for one in spec.sources if spec.method_info.similarities)]
    if stay_offline(spec.backbone_path or spec.backbone, needed, data_dir):
        log.info("all files are on this machine; the hub is not asked")
    for task in spec.tasks:
        if data_identity(task, data_dir) != spec.data[task.key]:
            raise UserError(f"the rows of {task.key} changed since the run was queued; queue it again with `scalearn run`")
    folder = backbone_folder(spec.backbone_path or spec.backbone, download=True)
    if backbone_revision(spec.backbone_path or spec.backbone) != spec.backbone_revision:
        raise UserError(f"the backbone {spec.backbone} changed since the run was queued; queue it again with `scalearn run`")
    config = load_config(folder)
    data = {}
    recorded = (run.provenance or {}).get("rows_sha256")
    kept = kept_rows(store.home.run(run.id), recorded)
    for task in spec.tasks:
        cut = within_positions(task, config.max_length)
        one = prepare(cut, folder, store.home.tokens, data_dir, spec.limits, kept.get(task.key))
        for split in one.splits.values():
            check_tokens(split, config, folder)
        data[task.key] = with_shots(one, spec.shots, spec.seed) if spec.shots else one
    rows_sha256 = keep_rows(store.home.run(run.id), {key: one.rows for key, one in data.items()}, recorded)
    device = choose_device(str(spec.hyperparameters["precision"]))
    similarities = _similarities(store, run, spec, folder, device)
    sources = load_sources(store, run.id, spec, similarities)
    model = build_model(spec, folder, sources).to(device.name)
    _describe(store, run, attempt, spec, model, data, device, {"rows_sha256": rows_sha256, "similarities": similarities})
    files = Files(
        best=store.home.checkpoint(run.id, "best"),
        last=store.home.checkpoint(run.id, "last"),
        record=_checkpoint_recorder(store, run.id, attempt),
    )
    return ReadyRun(store, run, attempt, spec, folder, model, data, device, files, similarities, sources)


def _similarities(store: Store, run: Run, spec: RunSpec, folder: Path, device: Device) -> dict[str, float]:
    """Those of the run's first attempt, or computed now; none where the method asks for none."""
    if not spec.method_info.similarities:
        return {}
    known: dict[str, float] = (run.provenance or {}).get("similarities", {})
    return known or text_similarities(store.home, spec, folder, device)


def with_shots(data: TaskData, shots: int, seed: int) -> TaskData:
    """The task with ``shots`` training examples; dev and test stay what they are."""
    train = data.splits["train"]
    return replace(data, splits={**data.splits, "train": train.select(few_shot(np.asarray(train.labels), shots, seed))})


def check_tokens(split: TokenizedSplit, config: EncoderConfig, folder: Path) -> None:
    """Raises UserError when the tokenizer knows tokens that the weights do not."""
    largest = int(split.tokens.max())
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
    return attach(spec.method_info, encoder, spec.tasks, sources, spec.hyperparameters)


def load_sources(
    store: Store, run_id: str, spec: RunSpec, similarities: Mapping[str, float] | None = None
) -> list[SourceAdapter]:
    """The selected adapters of the source runs, in order, each checked against its recorded digest and backbone.

    ``similarities`` by task are what the run's card and provenance hold, for the methods that weigh sources by them.
    """
    adapters = []
    similarities = similarities or {}
    for source in store.sources(run_id):
        recorded = store.checkpoints(source.source_id).get("best")
        path = store.home.checkpoint(source.source_id, "best")
        if recorded is None or not path.is_file():
            raise UserError(
                f"the source adapter {source.task} (run {source.source_id}) has lost its file {path}; "
                "put it back, or import it with `scalearn adapters import`"
            )
        tensors, about = load_checkpoint(path, recorded.sha256)
        if about.get("backbone_revision") != spec.backbone_revision:
            raise UserError(f"source adapter {source.task} was trained on {about.get('backbone')}, not on {spec.backbone}")
        adapter = {name: tensor for name, tensor in tensors.items() if name.startswith(ADAPTER)}
        adapters.append(SourceAdapter(source.task, adapter, similarities.get(source.task)))
    return adapters


def _checkpoint_recorder(store: Store, run_id: str, attempt: int) -> Callable[[str, Progress, Saved], None]:
    def record(kind: str, progress: Progress, saved: Saved) -> None:
        row = Checkpoint(
            run_id=run_id, kind=kind, step=progress.step, epoch=progress.epoch, sha256=saved.sha256, bytes=saved.bytes
        )
        store.checkpointed(run_id, attempt, row)

    return record


def _describe(
    store: Store,
    run: Run,
    attempt: int,
    spec: RunSpec,
    model: Model,
    data: dict[str, TaskData],
    device: Device,
    more: Mapping[str, Any],
) -> None:
    """Tell the registry what is trained on what; ``more`` is what the next attempt has to take over."""
    sizes = {key: {name: len(split) for name, split in one.splits.items()} for key, one in data.items()}
    labels = {task.key: list(task.labels) for task in spec.tasks}
    trainable = sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)
    transfer = sum(tensor.numel() for tensor in model.transfer_tensors().values())
    about = {**provenance(), **device.describe(), "splits": sizes, "labels": labels, "data": spec.data}
    about |= {name: value for name, value in more.items() if value}
    store.progress(run.id, attempt, metric=spec.headline, trainable=trainable, transfer=transfer, provenance=about)
    log.info("%s trainable parameters, %s on %s", f"{trainable:,}", sizes, device.describe()["device"])
