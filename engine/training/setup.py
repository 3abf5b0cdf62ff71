"""From a queued run to everything its loop needs: backbone, data, sources, model, device."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from engine.catalog.catalog import Catalog
from engine.catalog.kinds import KINDS
from engine.catalog.method import MethodInfo
from engine.catalog.task import MEAN, OwnData, TaskInfo
from engine.data.prepared import TaskData
from engine.data.tokenized_split import TokenizedSplit
from engine.encoder.config import EncoderConfig
from engine.encoder.loading import load_config, save_encoder
from engine.errors import UserError
from engine.files.backbones import find_backbone
from engine.files.identity import backbone_revision, data_identity
from engine.files.missing import stay_offline
from engine.files.source_weights import write_source_weights
from engine.methods.model import Model
from engine.registry.records import CHANGED, Checkpoint, Run
from engine.registry.store import Store
from engine.runs.spec import RunSpec
from engine.training.build import build_model
from engine.training.checkpoint_card import checkpoint_card
from engine.training.checkpoints import Saved, tensors_digest
from engine.training.device import Device, choose_device
from engine.training.evaluation import measure, predict, summary
from engine.training.evidence import Answered
from engine.training.loop import CheckpointFiles, TrainState
from engine.training.patience import patiently
from engine.training.provenance import provenance
from engine.training.run_data import run_data
from engine.training.source_weights import source_weights
from engine.training.sources import load_sources
from engine.training.split_rows import SplitRows
from engine.training.text_similarity import text_similarities

log = logging.getLogger(__name__)


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
    files: CheckpointFiles
    card: dict[str, Any]
    """Of its checkpoints (``checkpoint_card``)."""
    about: dict[str, Any]
    """The run's provenance."""

    def loop_arguments(self) -> dict[str, Any]:
        """All arguments of ``Loop`` except ``metric_writer`` and ``should_stop``."""
        return {
            "model": self.model,
            "tasks": self.spec.tasks,
            "data": self.data,
            "settings": dict(self.spec.hyperparameters),
            "seed": self.spec.seed,
            "device": self.device,
            "files": self.files,
            "card": self.card,
            "reduced": self.reduced,
            "improved": self.show_source_weights,
        }

    def reduced(self, micro_batch: int, why: str) -> None:
        """Record that memory did not hold a whole batch. Raises Fenced."""
        self.about["micro_batch"] = micro_batch
        text = f"{why}: at most {micro_batch} examples of a batch are computed at once"
        log.warning(text)
        patiently(lambda: self.store.happened(self.run.id, self.attempt, text, provenance=self.about))

    def final_results(
        self, epoch: int, dev: Mapping[str, np.ndarray], before_batch: Callable[[], None]
    ) -> dict[str, dict[str, dict[str, float]]]:
        """Metrics of the selected parameters on dev, and unless the run is of dev only on every reported split:
        task -> split -> metric -> value.

        They are computed from logits that are kept as the run's evidence. ``dev`` has those of the selected ``epoch`` by task
        key where they are known; those that an earlier attempt kept are read. Raises Fenced, and what ``before_batch`` raises.
        """
        checkpoint = self.store.checkpoints(self.run.id)["best"].sha256
        answered = Answered(self.store, self.run, self.attempt, epoch, checkpoint)
        results: dict[str, dict[str, dict[str, float]]] = {}
        for task in map(_with_all_metrics, self.spec.tasks):
            for name in ("dev", *(name for name, _ in task.tests if not self.spec.dev_only)):
                split = self.data[task.key].splits[name]
                logits = dev.get(task.key) if name == "dev" else None
                if logits is None:
                    logits = answered.earlier(task, name)
                if logits is None:
                    logits = predict(self.model, task, split, self.device, before_batch=before_batch)
                answered.keep(task, name, split, logits)
                results.setdefault(task.key, {})[name] = measure(task, split, logits)
        if len(results) > 1:
            splits = ("dev",) if self.spec.dev_only else ("dev", "test")
            by_split = {name: {key: of[name] for key, of in results.items()} for name in splits}
            results[MEAN] = {name: summary(self.spec.tasks, numbers) for name, numbers in by_split.items()}
        return results

    def keep_source_weights(self, before_batch: Callable[[], None]) -> None:
        """Write how the selected parameters weigh the sources, unless the run is of dev only. Raises as ``final_results``."""
        self._write_source_weights(lambda: self.data[self.spec.targets[0]].splits["dev"], before_batch)

    def show_source_weights(self) -> None:
        """Write the same of the best epoch so far, for those who watch, where no examples have to pass through the model."""
        self._write_source_weights(None, lambda: None)

    def _write_source_weights(self, dev: Callable[[], TokenizedSplit] | None, before_batch: Callable[[], None]) -> None:
        if self.spec.dev_only:
            return
        checkpoint = self.store.checkpoints(self.run.id)["best"].sha256
        if weights := source_weights(self.model, self.spec, self.run.fingerprint, checkpoint, dev, self.device, before_batch):
            self.store.check()
            patiently(lambda: write_source_weights(self.store.home.source_weights(self.run.id), weights))

    def publish(self) -> None:
        """Write a fully fine-tuned backbone in the hub's format, so that ``--backbone FOLDER`` reads it."""
        if any(parameter.requires_grad for parameter in self.model.encoder.parameters()):
            save_encoder(self.model.encoder, self.folder, self.store.home.run(self.run.id) / "backbone")


def prepare_run(store: Store, run: Run, attempt: int, catalog: Catalog) -> ReadyRun:
    """Load and build everything. Raises UserError when files or the method are missing, changed or do not fit."""
    spec = run.parsed
    method = spec.method_in(catalog)
    if not store.is_known_as(run, spec.fingerprint):
        raise UserError(
            f"this version renders or tokenizes {run.target} differently than the one that queued the run; "
            "ask for it again with `scalearn run`"
        )
    recorded = run.provenance or {}
    folder = _checked_files(run, spec, method)
    data, rows_sha256 = _data(store, run, spec, folder, load_config(folder))
    device = choose_device(str(spec.hyperparameters["precision"]))
    similarities: dict[str, float] = {}
    if method.similarities:
        similarities = recorded.get("similarities") or text_similarities(store.home, spec, folder, device)
    sources = load_sources(store, run.id, spec, similarities)
    digests = {source.task: tensors_digest(source.tensors) for source in sources}
    card = checkpoint_card(spec, spec.tasks, run.fingerprint, digests, similarities)
    model = device.place(build_model(spec, method, folder, sources))
    kept = {"rows_sha256": rows_sha256, "similarities": similarities}
    code = provenance(_distributions(spec, method, catalog))
    about = _record(store, run.id, attempt, spec, model, data, device, code, kept)
    files = CheckpointFiles(
        best=store.home.checkpoint(run.id, "best"),
        last=store.home.checkpoint(run.id, "last"),
        check=store.check,
        record=_checkpoint_recorder(store, run.id, attempt),
    )
    return ReadyRun(store, run, attempt, spec, folder, model, data, device, files, card, about)


def _distributions(spec: RunSpec, method: MethodInfo, catalog: Catalog) -> list[str]:
    """Name and version of the installed packages that add the method and the benchmarks of the run."""
    keys = (*spec.targets, *(source.task for source in spec.sources))
    benchmarks = [catalog.benchmarks.get(key.partition("/")[0]) for key in keys]
    named = [method.distribution, *(info.distribution for info in benchmarks if info)]
    return [name for name in dict.fromkeys(named) if name]


def _absent_labels(spec: RunSpec, data: Mapping[str, TaskData]) -> dict[str, list[str]]:
    """By task, classes of which the run has no training example, as a draw of few shots may have none; named in the log too."""
    absent: dict[str, list[str]] = {}
    for task in spec.tasks:
        if KINDS[task.kind].balanced:
            present = set(np.unique(data[task.key].splits["train"].labels).tolist())
            if missing := [name for number, name in enumerate(task.labels) if number not in present]:
                absent[task.key] = missing
                log.warning("%s: no training example is %s", task.key, " or ".join(missing))
    return absent


def _with_all_metrics(task: TaskInfo) -> TaskInfo:
    """A user's own task with every metric that it could declare: declaring another one later needs no other run."""
    if not isinstance(task.data, OwnData):
        return task
    others = KINDS[task.kind].metrics_of_own_task(len(task.labels))
    return replace(task, metrics=tuple(dict.fromkeys((*task.metrics, *others))))


def _checked_files(run: Run, spec: RunSpec, method: MethodInfo) -> Path:
    """The folder of the backbone, once it and the targets' rows are known to be those that the run was queued with."""
    data_dir = Path(spec.data_dir) if spec.data_dir else None
    backbone = find_backbone(spec.backbone_path or spec.backbone)
    needed = [*spec.tasks, *(spec.task(source.task) for source in spec.sources if method.similarities)]
    if stay_offline(backbone, needed, data_dir):
        log.info("all files are on this machine; no request is made to the hub")
    again = f"ask for it again: {run.command or 'scalearn run ...'}"
    for task in spec.tasks:
        if data_identity(task, data_dir) != spec.data[task.key]:
            raise UserError(f"the rows of {task.key} {CHANGED}; {again}")
    folder = backbone.folder(download=True)
    if backbone_revision(backbone) != spec.backbone_revision:
        raise UserError(f"the backbone {spec.backbone} {CHANGED}; {again}")
    return folder


def _data(store: Store, run: Run, spec: RunSpec, folder: Path, config: EncoderConfig) -> tuple[dict[str, TaskData], str]:
    """The data of each target by key, with the rows of an earlier attempt where there was one, and the digest of these rows."""
    kept = SplitRows(store.home.run(run.id), (run.provenance or {}).get("rows_sha256"))
    data = run_data(store.home, spec, folder, config, kept.rows)
    # Tokenizing takes long enough for a home to be replaced meanwhile.
    store.check()
    return data, patiently(lambda: kept.keep({key: task_data.rows for key, task_data in data.items()}))


def _checkpoint_recorder(store: Store, run_id: str, attempt: int) -> Callable[[str, TrainState, Saved], None]:
    def record(kind: str, state: TrainState, saved: Saved) -> None:
        row = Checkpoint(run_id=run_id, kind=kind, step=state.step, epoch=state.epoch, sha256=saved.sha256, bytes=saved.bytes)
        store.checkpointed(run_id, attempt, row)

    return record


def _record(
    store: Store,
    run_id: str,
    attempt: int,
    spec: RunSpec,
    model: Model,
    data: Mapping[str, TaskData],
    device: Device,
    code: Mapping[str, Any],
    kept: Mapping[str, Any],
) -> dict[str, Any]:
    """Write to the registry what is trained, on which data and device and by which ``code``; ``kept`` is what the next attempt
    takes over. Returns the provenance."""
    sizes = {key: {name: len(split) for name, split in task_data.splits.items()} for key, task_data in data.items()}
    official = {key: task_data.official_rows for key, task_data in data.items()}
    labels = {task.key: list(task.labels) for task in spec.tasks}
    trainable = sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)
    transfer = sum(tensor.numel() for tensor in model.transfer_tensors().values())
    # A step is computed in one go, unless memory runs out.
    micro_batch = int(spec.hyperparameters["batch_size"])
    about = {
        **code,
        **device.describe(),
        "micro_batch": micro_batch,
        "splits": sizes,
        "rows": official,
        "labels": labels,
        "data": spec.data,
    }
    about |= {name: value for name, value in {**kept, "absent_labels": _absent_labels(spec, data)}.items() if value}
    patiently(lambda: store.progress(run_id, attempt, trainable=trainable, transfer=transfer, provenance=about))
    log.info("%s trainable parameters, %s on %s", f"{trainable:,}", sizes, device.describe()["device"])
    return about
