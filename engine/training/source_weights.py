"""How much of each source adapter a model with its parameters of the moment uses (``engine.files.source_weights``)."""

from __future__ import annotations

import logging
from collections.abc import Callable

import torch
from pydantic import ValidationError

from engine.data.batches import TOKENS_PER_BATCH, evaluation_batches
from engine.data.tokenized_split import TokenizedSplit
from engine.errors import complaint
from engine.files.source_weights import SourceWeights
from engine.methods.model import Model
from engine.runs.spec import RunSpec
from engine.training.device import Device
from engine.training.evaluation import to_device
from engine.training.out_of_memory import halving

log = logging.getLogger(__name__)
MOST_EXAMPLES = 2000
"""Of dev that pass through the model: means over their tokens have three digits."""


class _NeedsExamples(Exception):
    """The weights depend on the examples that pass through the model, and there are none."""


def source_weights(
    model: Model,
    spec: RunSpec,
    run: str,
    checkpoint: str,
    dev: Callable[[], TokenizedSplit] | None,
    device: Device,
    before_batch: Callable[[], None] = lambda: None,
) -> SourceWeights | None:
    """The weights of the run with this fingerprint, whose checkpoint has the digest ``checkpoint``; None for a method that does
    not say, or not in one of the known forms.

    ``dev`` is called only for methods that weigh sources differently for every token, and leaves the model in evaluation mode;
    without it the answer for these is None. ``before_batch`` may raise, to end it.
    """
    if model.describe is None:
        return None
    task, examples = spec.targets[0], None

    def few() -> TokenizedSplit:
        nonlocal examples
        if dev is None:
            raise _NeedsExamples
        examples = examples or dev().limit(MOST_EXAMPLES, whole_groups=False)
        return examples

    @torch.inference_mode()
    def passed(tokens_per_batch: int) -> int:
        model.eval()
        for batch in evaluation_batches(few(), tokens_per_batch):
            before_batch()
            packed, _ = to_device(batch, device)
            with device.context():
                model(packed, task)
        return len(few())

    def halved(tokens: int) -> None:
        log.warning("out of memory: weighing sources on at most %d tokens at once", tokens)

    describe = model.describe
    # From the beginning each time, because sums would count what had passed before memory ran out.
    try:
        weights = halving(lambda tokens: describe(lambda: passed(tokens)), TOKENS_PER_BATCH, 1, halved)
    except _NeedsExamples:
        return None
    sources = tuple(source.task for source in spec.sources)
    content = {"run": run, "checkpoint": checkpoint, "sources": sources, "weights": weights}
    try:
        return SourceWeights.model_validate(content)
    except ValidationError as error:
        # Of a method from elsewhere, or of numbers that are not finite: no reason to lose a trained run.
        log.warning("the weights of the sources are not kept: %s", complaint(error.errors()[0]))
        return None
