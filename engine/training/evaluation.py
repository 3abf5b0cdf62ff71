"""Predictions of a model for a whole split, and the metrics computed from them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from statistics import fmean

import numpy as np
import torch

from engine.catalog.task import MEAN, TaskInfo
from engine.data.batches import TOKENS_PER_BATCH, Batch, evaluation_batches
from engine.data.tokenized_split import TokenizedSplit
from engine.encoder.heads import loss as task_loss
from engine.encoder.packing import Packed, pack, send
from engine.methods.model import Model
from engine.metrics.scoring import score
from engine.training.device import Device
from engine.training.out_of_memory import halving

log = logging.getLogger(__name__)


def to_device(batch: Batch, device: Device) -> tuple[Packed, torch.Tensor]:
    """A batch as the encoder's input, and its labels, on the device."""
    return pack(batch.tokens, batch.lengths, batch.segments, device.name), send(batch.labels, device.name)


@torch.inference_mode()
def predict(
    model: Model,
    task: TaskInfo,
    split: TokenizedSplit,
    device: Device,
    tokens_per_batch: int = TOKENS_PER_BATCH,
    before_batch: Callable[[], None] = lambda: None,
) -> np.ndarray:
    """Logits ``[examples, outputs]`` in float32, in the split's order. Leaves the model in evaluation mode.

    ``before_batch`` may raise, to end the evaluation. Where memory runs out, it begins again with smaller batches.
    """

    def halved(tokens: int) -> None:
        log.warning("out of memory: evaluating at most %d tokens at once", tokens)

    one_example = split.options * int(split.lengths.max(initial=0))
    return halving(
        lambda tokens: _logits(model, task, split, device, tokens, before_batch), tokens_per_batch, one_example, halved
    )


def _logits(
    model: Model,
    task: TaskInfo,
    split: TokenizedSplit,
    device: Device,
    tokens_per_batch: int,
    before_batch: Callable[[], None],
) -> np.ndarray:
    model.eval()
    parts, examples = [], []
    for batch in evaluation_batches(split, tokens_per_batch):
        before_batch()
        packed = pack(batch.tokens, batch.lengths, batch.segments, device.name)
        with device.context():
            parts.append(model(packed, task.key).float())
        examples.append(batch.examples)
    logits = torch.cat(parts).cpu().numpy()
    ordered = np.empty_like(logits)
    ordered[np.concatenate(examples)] = logits
    return ordered


def measure(task: TaskInfo, split: TokenizedSplit, logits: np.ndarray) -> dict[str, float]:
    """``loss`` (mean over examples), then all of the task's metrics, headline first, of what ``predict`` returned."""
    loss = task_loss(task.kind, torch.from_numpy(logits), torch.from_numpy(np.array(split.labels))).item()
    return {"loss": loss, **score(task, logits, np.array(split.labels), split.groups, split.candidates)}


Numbers = Mapping[str, Mapping[str, float]]
"""Results of ``measure`` by task key."""


def summary(tasks: Sequence[TaskInfo], numbers: Numbers) -> dict[str, float]:
    """The numbers of a run on one split: those of its only task, else mean ``loss`` and ``mean`` headline metric."""
    if len(tasks) == 1:
        return dict(numbers[tasks[0].key])
    return {
        "loss": fmean(numbers[task.key]["loss"] for task in tasks),
        MEAN: fmean(numbers[task.key][task.headline] for task in tasks),
    }


def curves(tasks: Sequence[TaskInfo], numbers: Numbers) -> dict[str, float]:
    """The numbers of dev by the names of their curves: ``dev/accuracy``, for joint runs also ``dev/glue/rte/accuracy``."""
    points = {f"dev/{name}": value for name, value in summary(tasks, numbers).items()}
    if len(tasks) > 1:
        points |= {f"dev/{task.key}/{name}": value for task in tasks for name, value in numbers[task.key].items()}
    return points
