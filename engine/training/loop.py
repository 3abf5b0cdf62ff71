"""The training loop: one run from its first step, or from its last checkpoint, to its selected epoch.

Everything random is a function of the run's seed and the step, and everything else that changes is in ``Progress`` and
the last checkpoint. That is why a resumed run repeats the uninterrupted one exactly.
"""

from __future__ import annotations

import hashlib
import logging
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from engine.catalog.method import Value
from engine.catalog.task import MEAN, TaskInfo
from engine.data.batches import gather
from engine.data.prepared import TaskData, TokenizedSplit
from engine.data.samplers import TaskBatches
from engine.errors import UserError
from engine.files.disk import remove_unfinished
from engine.methods.model import Model
from engine.training.checkpoints import Saved, below_prefix, load_checkpoint, save_checkpoint, with_prefix
from engine.training.device import Device
from engine.training.evaluation import curves, evaluate, summary, to_device
from engine.training.metric_writer import Recorder
from engine.training.optimizer import (
    build_optimizer,
    learning_rate_at,
    optimizer_tensors,
    parameters_of,
    restore_optimizer,
    set_learning_rate,
)
from engine.training.throughput import Pace

log = logging.getLogger(__name__)
CURVE_POINTS = 2000
"""Loss points kept per run: enough for any screen, few enough for a database of thousands of runs."""


class Stopped(Exception):
    """The run was asked to stop; its state is saved."""


@dataclass
class Progress:
    """Where a run stands; JSON in the card of its last checkpoint."""

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
    """Spent in all attempts up to the checkpoint."""


@dataclass
class Files:
    """Where checkpoints go and who hears of them."""

    best: Path
    last: Path
    record: Callable[[str, Progress, Saved], None]
    """Called with ``best`` or ``last`` just before the file takes its place, which it does not if this raises: a worker that
    was given up must not overwrite the files of the attempt that took over."""


class Loop:
    """Trains ``model`` on one task, or jointly on several. ``run`` returns when the plan is done or patience is spent.

    Raises Stopped after saving when ``should_stop`` says so, and UserError when the loss is not finite.
    """

    def __init__(
        self,
        model: Model,
        tasks: Sequence[TaskInfo],
        data: Mapping[str, TaskData],
        settings: dict[str, Value],
        seed: int,
        device: Device,
        files: Files,
        recorder: Recorder,
        should_stop: Callable[[], bool],
        card: dict[str, Any],
    ) -> None:
        self.model, self.tasks, self.data, self.settings = model, tasks, data, settings
        self.seed, self.device, self.files = seed, device, files
        self.recorder, self.should_stop, self.card = recorder, should_stop, card
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
            [counted(task, split) for task, split in zip(tasks, self.train, strict=True)],
        )
        self.steps_per_epoch = self.batches.steps_per_epoch
        self.steps = self.steps_per_epoch * self.epochs
        self.peak = float(settings["learning_rate"])
        self.optimizer = build_optimizer(model.parameter_groups(self.peak, float(settings["weight_decay"])), self.peak)
        self.parameters = parameters_of(self.optimizer)
        self.progress = Progress()
        self.pace = Pace()
        self.curve_stride = max(1, self.steps // CURVE_POINTS)

    def run(self) -> Progress:
        """Train to the end and leave the best epoch's parameters in the model."""
        self._resume()
        self.recorder.fields(epochs=self.epochs, steps=self.steps, step=self.progress.step, epoch=self.progress.epoch)
        self.pace.start()
        while not self._over():
            if self.progress.step == (self.progress.epoch + 1) * self.steps_per_epoch:
                self._finish_epoch()
                continue
            self._step()
            if self.should_stop():
                self._save_last()
                raise Stopped
            if self.pace.checkpoint_due():
                self._save_last()
        self._report()
        best, _ = load_checkpoint(self.files.best)
        self.model.load_trainable(best)
        return self.progress

    def _over(self) -> bool:
        spent = self.progress.since_best >= int(self.settings["patience"])
        return spent or self.progress.epoch >= self.epochs

    def _step(self) -> None:
        if self.progress.step % self.steps_per_epoch == 0 or not self.pace.steps:
            self.model.train()
        place, examples = self.batches.at(self.progress.step)
        packed, labels = to_device(gather(self.train[place], examples), self.device)
        self.device.seed(step_seed(self.seed, self.progress.step))
        set_learning_rate(self.optimizer, self._learning_rate())
        with self.device.context():
            loss, _ = self.model.loss(packed, labels, self.tasks[place].key)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.parameters, float(self.settings["max_grad_norm"]))
        self.optimizer.step()
        # A parameter without a gradient is skipped by the next update, decay and moments included: a task's own parameters
        # are touched only by its own batches.
        self.optimizer.zero_grad(set_to_none=True)
        self.pace.stepped(self.progress.step, loss.detach(), len(examples), len(packed.tokens))
        self.progress.step += 1
        if self.pace.report_due():
            self._report()

    def _learning_rate(self) -> float:
        return learning_rate_at(self.progress.step, self.steps, self.peak, float(self.settings["warmup"]))

    def _report(self) -> None:
        """Hand the losses since the last report to the recorder: one device synchronisation for all of them."""
        losses = self.pace.take_losses()
        for step, loss in losses:
            if not math.isfinite(loss):
                raise UserError(f"the loss became {loss} at step {step}; lower learning_rate with --set learning_rate=...")
            if step % self.curve_stride == 0:
                self.recorder.point("train/loss", step, step / self.steps_per_epoch, loss)
        if losses:
            self.recorder.fields(
                loss=sum(loss for _, loss in losses) / len(losses),
                samples_per_second=self.pace.samples_per_second(),
                tokens_per_second=self.pace.tokens_per_second(),
            )
        self.recorder.fields(
            step=self.progress.step,
            seconds=self.progress.seconds + self.pace.elapsed(),
            seconds_left=self.pace.seconds_left(self.steps - self.progress.step, self.epochs - self.progress.epoch),
        )

    def _finish_epoch(self) -> None:
        """Evaluate on dev, keep the best, save."""
        self._report()
        with self.pace.evaluating():
            by_task = {
                task.key: evaluate(self.model, task, self.data[task.key].splits["dev"], self.device) for task in self.tasks
            }
        self.model.train()
        numbers = summary(self.tasks, by_task)
        if not math.isfinite(numbers["loss"]):
            # The last update of all has no training loss after it that would show what it did.
            raise UserError(f"the dev loss became {numbers['loss']}; lower learning_rate with --set learning_rate=...")
        state, headline = self.progress, numbers[MEAN if len(self.tasks) > 1 else self.tasks[0].headline]
        state.epoch += 1
        for name, value in curves(self.tasks, by_task).items():
            self.recorder.point(name, state.step, state.epoch, value)
        by_loss = self.settings["select_by"] == "loss"
        value = numbers["loss"] if by_loss else headline
        if state.best is None or (value < state.best if by_loss else value > state.best):
            state.best, state.best_metric, state.best_epoch, state.since_best = value, headline, state.epoch, 0
            card = {**self.card, "dev": by_task, "epoch": state.epoch}
            save_checkpoint(self.files.best, self.model.trainable_state(), card, partial(self.files.record, "best", state))
        else:
            state.since_best += 1
        self.recorder.fields(epoch=state.epoch, value=headline, best=state.best_metric, best_epoch=state.best_epoch)
        for name, found in {**(by_task if len(self.tasks) > 1 else {}), "dev": numbers}.items():
            shown = "  ".join(f"{metric} {value:.4f}" for metric, value in found.items())
            log.info("epoch %d/%d  %s %s", state.epoch, self.epochs, name, shown)
        # An epoch of a few-shot run may be a single step. After the last of all nothing may have to be trained again.
        if self._over() or self.pace.checkpoint_due(after_epoch=True):
            self._save_last()

    def _save_last(self) -> None:
        # A resumed run does not repeat the steps before the checkpoint, so their points must be safe before it is.
        self._report()
        self.recorder.flush()
        began = time.perf_counter()
        self.progress.seconds += self.pace.lap()
        tensors = {
            **with_prefix("model.", self.model.trainable_state()),
            **with_prefix("optimizer.", optimizer_tensors(self.optimizer)),
        }
        card = {**self.card, "progress": asdict(self.progress)}
        save_checkpoint(self.files.last, tensors, card, partial(self.files.record, "last", self.progress))
        self.pace.checkpointed(time.perf_counter() - began)

    def _resume(self) -> None:
        for path in (self.files.best, self.files.last):
            remove_unfinished(path)
        if not self.files.last.is_file():
            return
        tensors, card = load_checkpoint(self.files.last)
        self.model.load_trainable(below_prefix("model.", tensors))
        restore_optimizer(self.optimizer, below_prefix("optimizer.", tensors))
        self.progress = Progress(**card["progress"])


def counted(task: TaskInfo, split: TokenizedSplit) -> int:
    """How much a task weighs when tasks are drawn by size: its examples, or its queries where an example is one candidate."""
    if task.kind == "entity_ranking" and split.groups is not None:
        return len(np.unique(split.groups))
    return len(split)


def step_seed(seed: int, step: int) -> int:
    """Seed of the dropout masks of one step; a hash, so that neighbouring steps and seeds share nothing."""
    digest = hashlib.blake2b(f"{seed}:{step}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 1
