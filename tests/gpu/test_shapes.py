"""A batch of a shape that was never seen costs little more than one that was: no kernel is planned for each shape."""

from __future__ import annotations

import time

import numpy as np
import torch

from engine.data.batches import Batch, gather
from engine.encoder.packing import pack
from tests.gpu.card import BFLOAT16, CARD, empty
from tests.gpu.shapes import MINILM, TASK, model_of, texts

SHAPES, WARM = 30, 5
MOST = 3.0
"""Times as long that all first batches may take."""


def batches(count: int) -> list[Batch]:
    """Batches as an evaluation has them, each of another width and number of texts."""
    random = np.random.default_rng(0)
    widths = random.permutation(np.arange(8, 8 + 3 * count))[:count]
    made = []
    for seed, width in enumerate(widths):
        lengths = random.integers(max(1, width - 6), width + 1, random.integers(20, 2048 // width + 30))
        made.append(gather(texts(lengths, seed), np.arange(len(lengths))))
    return made


def test_first_and_repeated_batches() -> None:
    empty()
    model = model_of("adapter", MINILM, CARD).eval()

    def seconds(batch: Batch) -> float:
        torch.cuda.synchronize()
        began = time.perf_counter()
        with torch.inference_mode(), BFLOAT16.context():
            model(pack(batch.tokens, batch.lengths, batch.segments, CARD), TASK.key)
        torch.cuda.synchronize()
        return time.perf_counter() - began

    warm, unseen = (lambda all_: (all_[:WARM], all_[WARM:]))(batches(WARM + SHAPES))
    for batch in warm * 2:
        seconds(batch)
    first = [seconds(batch) for batch in unseen]
    repeated = [min(seconds(batch) for _ in range(3)) for batch in unseen]
    print(f"\nfirst {1e3 * sum(first):.1f} ms (longest {1e3 * max(first):.1f}), repeated {1e3 * sum(repeated):.1f} ms")
    assert sum(first) <= MOST * sum(repeated)
