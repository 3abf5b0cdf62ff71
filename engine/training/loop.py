"""The training loop: one run from its first step, or from its last checkpoint, to its selected epoch.

Everything random is a function of the run's seed and the step, and everything else that changes is in ``TrainState`` and the
last checkpoint. That is why a resumed run repeats the uninterrupted one, on a CPU exactly and on a GPU up to rounding.
"""

from __future__ import annotations

import hashlib
import logging
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from engine.catalog.kinds import KINDS
from engine.catalog.method import Value
from engine.catalog.task import MEAN, TaskInfo
from engine.data.batches import gather
from engine.data.prepared import TaskData
from engine.data.samplers import TaskBatches
from engine.data.tokenized_split import TokenizedSplit
from engine.errors import UserError
from engine.files.disk import remove_unfinished
from engine.methods.model import Model
from engine.registry.records import DIVERGED
from engine.training.checkpoints import Saved, below_prefix, load_checkpoint, save_checkpoint, with_prefix
from engine.training.device import Device
from engine.training.evaluation import curves, measure, predict, summary, to_device
from engine.training.metric_writer import MetricWriter
from engine.training.optimizer import (
    AdamW,
    learning_rate_at,
    optimizer_tensors,
    parameters_of,
    restore_optimizer,
    set_learning_rate,
)
from engine.training.out_of_memory import halving
from engine.training.patience import patiently
from engine.training.termination import Stopped
from engine.training.throughput import Throughput

log = logging.getLogger(__name__)
CURVE_POINTS = 2000
"""Training losses recorded per run: enough for any screen, few enough for a database of thousands of runs."""


@dataclass
class TrainState:
    """How far a run has come; JSON in the card of its last checkpoint."""

    step: int = 0
    """Optimiser updates made."""
    epoch: int = 0
    """Epochs trained and evaluated."""
    best: float | None = None
    """Selection value of the best epoch: dev loss or headline metric, over several tasks their mean."""
    best_metric: float | None = None
    best_epoch: int | None = None
    since_best: int = 0
    seconds: float = 0.0
    """Spent by all attempts up to the checkpoint."""
    micro_batch: int | None = None
    """Examples computed at once, once memory did not hold a whole batch."""


@dataclass
class CheckpointFiles:
    """Paths of a run's checkpoints, and the callback that records them."""

    best: Path
    last: Path
    record: Callable[[str, TrainState, Saved], None]
    """Called with ``best`` or ``last`` just before the new file replaces the old one, which stays if this raises: a worker that
    was replaced must not overwrite the files of the attempt that took over."""
    check: Callable[[], None]
    """Called before a file is begun; raises where nothing may be written any more."""


class Loop:
    """Trains ``model`` on one task, or jointly on several.

    ``data`` is by task key; ``card`` is the part of the checkpoints' card that does not change; ``should_stop`` is asked after
    every step and before every batch of an evaluation; ``reduced`` is called with the examples that are computed at once when
    memory does not hold a whole batch, ``improved`` whenever the parameters of a better epoch were saved.
    """

    def __init__(
        self,
        model: Model,
        tasks: Sequence[TaskInfo],
        data: Mapping[str, TaskData],
        settings: dict[str, Value],
        seed: int,
        device: Device,
        files: CheckpointFiles,
        metric_writer: MetricWriter,
        should_stop: Callable[[], bool],
        card: dict[str, Any],
        reduced: Callable[[int, str], None] = lambda _size, _why: None,
        improved: Callable[[], None] = lambda: None,
    ) -> None:
        self.model, self.tasks, self.data, self.settings = model, tasks, data, settings
        self.seed, self.device, self.files = seed, device, files
        self.metric_writer, self.should_stop, self.card, self.reduced = metric_writer, should_stop, card, reduced
        self.improved = improved
        self.train = [data[task.key].splits["train"] for task in tasks]
        self.epochs = int(settings["epochs"])
        self.batches = TaskBatches(
            [len(split) for split in self.train],
            int(settings["batch_size"]),
            seed,
            self.epochs,
            str(settings.get("sampling", "proportional")),
            float(settings.get("temperature", 1.0)),
            int(settings.get("steps_per_epoch", 0)),
            [sampling_size(task, split) for task, split in zip(tasks, self.train, strict=True)],
        )
        self.steps_per_epoch = self.batches.steps_per_epoch
        self.steps = self.steps_per_epoch * self.epochs
        self.peak = float(settings["learning_rate"])
        self.optimizer = AdamW(model.parameter_groups(self.peak, float(settings["weight_decay"])), self.peak)
        self.parameters = parameters_of(self.optimizer)
        self.state = TrainState()
        self.throughput = Throughput()
        self.epoch_losses: list[float] = []
        """Training losses of this attempt's steps since the last epoch ended, as far as they were reported."""
        self.best_dev: dict[str, np.ndarray] = {}
        """Logits on dev at the best epoch by task key; empty where an earlier attempt trained that epoch."""
        self.curve_stride = max(1, self.steps // CURVE_POINTS)

    def run(self) -> TrainState:
        """Train until all epochs are done or patience is spent; leaves the best epoch's parameters in the model.

        Raises Stopped, after saving, when ``should_stop`` returns true, and UserError when the loss is not finite.
        """
        self._resume()
        self.metric_writer.fields(epochs=self.epochs, steps=self.steps, step=self.state.step, epoch=self.state.epoch)
        self.throughput.start()
        while not self._finished():
            if self.state.step == (self.state.epoch + 1) * self.steps_per_epoch:
                self._finish_epoch()
                continue
            self._step()
            self._heed_stop()
            if self.throughput.checkpoint_due():
                self._save_last()
        self._report()
        best, _ = load_checkpoint(self.files.best)
        self.model.load_trainable(best)
        return self.state

    def _heed_stop(self) -> None:
        if self.should_stop():
            self._save_last()
            raise Stopped

    def _finished(self) -> bool:
        spent = self.state.since_best >= int(self.settings["patience"])
        return spent or self.state.epoch >= self.epochs

    def _step(self) -> None:
        if self.state.step % self.steps_per_epoch == 0 or not self.throughput.steps:
            self.model.train()
        task_index, examples = self.batches.at(self.state.step)
        set_learning_rate(self.optimizer, self._learning_rate())
        size = min(self.state.micro_batch or len(examples), len(examples))
        loss, tokens = halving(lambda size: self._gradients(task_index, examples, size), size, 1, self._halved)
        torch.nn.utils.clip_grad_norm_(self.parameters, float(self.settings["max_grad_norm"]))
        self.optimizer.step()
        # A parameter without a gradient is skipped by the next update, decay and moments included: a task's own parameters
        # are touched only by its own batches.
        self.optimizer.zero_grad()
        self.throughput.stepped(self.state.step, loss, len(examples), tokens)
        self.state.step += 1
        if self.throughput.report_due():
            self._report()

    def _gradients(self, task_index: int, examples: np.ndarray, size: int) -> tuple[torch.Tensor, int]:
        """Compute the gradients of the mean loss over a batch, at most ``size`` examples at once; the loss, and its tokens.

        However many parts there are, the loss and its gradients are those of the whole batch up to rounding. Dropout masks are
        drawn for one part after the other, so they are others than those of the whole.
        """
        self.device.seed(step_seed(self.seed, self.state.step))
        losses, tokens = [], 0
        for start in range(0, len(examples), size):
            part = examples[start : start + size]
            packed, labels = to_device(gather(self.train[task_index], part), self.device)
            with self.device.context():
                loss, _ = self.model.loss(packed, labels, self.tasks[task_index].key)
            if len(part) < len(examples):
                loss = loss * (len(part) / len(examples))
            loss.backward()
            losses.append(loss.detach())
            tokens += len(packed.tokens)
        return sum(losses[1:], start=losses[0]), tokens

    def _halved(self, size: int) -> None:
        """From now on, compute at most ``size`` examples at once."""
        self.optimizer.zero_grad()
        self.state.micro_batch = size
        self.reduced(size, "out of memory")

    def _learning_rate(self) -> float:
        return learning_rate_at(self.state.step, self.steps, self.peak, float(self.settings["warmup"]))

    def _report(self) -> None:
        """Record the losses since the last report: one device synchronisation for all of them."""
        losses = self.throughput.take_losses()
        for step, loss in losses:
            if not math.isfinite(loss):
                raise UserError(f"{DIVERGED} {loss} at step {step}; lower learning_rate with --set learning_rate=...")
            if step % self.curve_stride == 0:
                self.metric_writer.point("train/loss", step, step / self.steps_per_epoch, loss)
        self.epoch_losses += [loss for _, loss in losses]
        if losses:
            self.metric_writer.fields(
                loss=sum(loss for _, loss in losses) / len(losses),
                samples_per_second=self.throughput.samples_per_second(),
                tokens_per_second=self.throughput.tokens_per_second(),
            )
        self.metric_writer.fields(
            step=self.state.step,
            seconds=self.state.seconds + self.throughput.elapsed(),
            seconds_left=self.throughput.seconds_left(self.steps - self.state.step, self.epochs - self.state.epoch),
        )

    def _finish_epoch(self) -> None:
        """Evaluate on dev, keep the best, save.

        The epoch's training loss is the mean over its steps; of an epoch that was resumed, over the steps of this attempt.
        """
        self._report()
        train = {"loss": sum(self.epoch_losses) / len(self.epoch_losses)} if self.epoch_losses else {}
        self.epoch_losses = []
        with self.throughput.evaluating():
            dev = {task.key: self.data[task.key].splits["dev"] for task in self.tasks}
            logits = {
                task.key: predict(self.model, task, dev[task.key], self.device, before_batch=self._heed_stop)
                for task in self.tasks
            }
            by_task = {task.key: measure(task, dev[task.key], logits[task.key]) for task in self.tasks}
        self.model.train()
        numbers = summary(self.tasks, by_task)
        if not math.isfinite(numbers["loss"]):
            # No training loss follows the last update of all, so nothing else would reveal that it diverged.
            raise UserError(f"on dev {DIVERGED} {numbers['loss']}; lower learning_rate with --set learning_rate=...")
        state, headline = self.state, numbers[MEAN if len(self.tasks) > 1 else self.tasks[0].headline]
        state.epoch += 1
        for name, value in curves(self.tasks, by_task).items():
            self.metric_writer.point(name, state.step, state.epoch, value)
        by_loss = self.settings["select_by"] == "loss"
        value = numbers["loss"] if by_loss else headline
        if state.best is None or (value < state.best if by_loss else value > state.best):
            state.best, state.best_metric, state.best_epoch, state.since_best = value, headline, state.epoch, 0
            self.best_dev = logits
            card = {**self.card, "dev": by_task, "epoch": state.epoch}
            self._save("best", self.files.best, self.model.trainable_state(), card)
            self.improved()
        else:
            state.since_best += 1
        self.metric_writer.epoch_ended(
            **train, epoch=state.epoch, value=headline, best=state.best_metric, best_epoch=state.best_epoch
        )
        lines = {"train": train} if train else {}
        for name, values in {**lines, **(by_task if len(self.tasks) > 1 else {}), "dev": numbers}.items():
            shown = "  ".join(f"{metric} {value:.4f}" for metric, value in values.items())
            log.info("epoch %d/%d  %s %s", state.epoch, self.epochs, name, shown)
        # An epoch of a few-shot run may be a single step, so not every epoch is saved; the last one always is.
        if self._finished() or self.throughput.checkpoint_due(after_epoch=True):
            self._save_last()

    def _save_last(self) -> None:
        # A resumed run does not repeat the steps before the checkpoint, so their points are written first.
        self._report()
        patiently(self.metric_writer.flush)
        began = self.throughput.clock.now()
        self.state.seconds += self.throughput.lap()
        tensors = {
            **with_prefix("model.", self.model.trainable_state()),
            **with_prefix("optimizer.", optimizer_tensors(self.optimizer)),
        }
        card = {**self.card, "progress": asdict(self.state)}
        self._save("last", self.files.last, tensors, card)
        self.throughput.checkpointed(self.throughput.clock.now() - began)

    def _save(self, kind: str, path: Path, tensors: Mapping[str, torch.Tensor], card: Mapping[str, Any]) -> None:
        self.files.check()
        patiently(lambda: save_checkpoint(path, tensors, card, partial(self.files.record, kind, self.state)))

    def _resume(self) -> None:
        for path in (self.files.best, self.files.last):
            remove_unfinished(path)
        if not self.files.last.is_file():
            return
        tensors, card = load_checkpoint(self.files.last)
        self.model.load_trainable(below_prefix("model.", tensors))
        restore_optimizer(self.optimizer, below_prefix("optimizer.", tensors))
        self.state = TrainState(**card["progress"])
        if self.state.micro_batch:
            self.reduced(self.state.micro_batch, "as in the attempt before")


def sampling_size(task: TaskInfo, split: TokenizedSplit) -> int:
    """The size of a task by which tasks are sampled: its examples, or its queries where an example is one candidate."""
    if KINDS[task.kind].ranks_candidates and split.groups is not None:
        return len(np.unique(split.groups))
    return len(split)


def step_seed(seed: int, step: int) -> int:
    """Seed of the dropout masks of one step; a hash, so that neighbouring steps and seeds share nothing."""
    digest = hashlib.blake2b(f"{seed}:{step}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 1
