"""Memory stays within what predictions are planned for, and level over a long training."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.encoder.config import EncoderConfig
from engine.inference.memory import SHARE, tokens_per_batch
from engine.methods.model import Model
from engine.training.device import Device
from engine.training.evaluation import predict
from engine.training.loop import CheckpointFiles, Loop
from tests.gpu.card import BFLOAT16, CARD, FLOAT32, empty, occupied
from tests.gpu.shapes import BASE, MINILM, TASK, data_of, model_of, ragged_lengths, texts
from tests.training.loops import Points, spec_of

GIB = 2**30
SKEWED = np.array([512, *[30] * 4095])


def peak_of_predicting(model: Model, shape: EncoderConfig, device: Device) -> tuple[int, int]:
    """Bytes that predicting the skewed texts takes at most, and tokens of its batches."""
    tokens = tokens_per_batch(device, shape, 512)
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    logits = predict(model, replace(TASK, max_length=512), texts(SKEWED), device, tokens)
    assert np.isfinite(logits).all() and len(logits) == len(SKEWED)
    return torch.cuda.max_memory_allocated() - before, tokens


@pytest.mark.parametrize("device", [FLOAT32, BFLOAT16], ids=["float32", "bfloat16"])
@pytest.mark.parametrize("shape", [MINILM, BASE], ids=["minilm", "base"])
def test_predicting_one_long_text_among_short_ones(shape: EncoderConfig, device: Device) -> None:
    """With 2 GiB free the share decides; on an empty card the largest batch does."""
    model = model_of("adapter", shape, CARD).eval()
    with occupied(leaving=2 * GIB):
        free = torch.cuda.mem_get_info()[0]
        peak, tokens = peak_of_predicting(model, shape, device)
    print(f"\n{peak / GIB:.3f} GiB for {tokens} tokens a batch, {free / GIB:.2f} GiB free")
    assert peak <= SHARE * free

    free = torch.cuda.mem_get_info()[0]
    peak, tokens = peak_of_predicting(model, shape, device)
    print(f"{peak / GIB:.3f} GiB for {tokens} tokens a batch, {free / GIB:.2f} GiB free")
    assert peak <= SHARE * free


def test_memory_is_level_over_500_ragged_steps(tmp_path: Path) -> None:
    empty()
    spec = spec_of("adapter", TASK.key, batch_size=32, epochs=1, learning_rate=1e-4, reduction=16)
    data = data_of(texts(ragged_lengths(32 * 500)), texts(ragged_lengths(8)))
    files = CheckpointFiles(tmp_path / "best.safetensors", tmp_path / "last.safetensors", lambda *_: None, lambda: None)
    settings = dict(spec.hyperparameters)
    model = model_of("adapter", MINILM, CARD)
    loop = Loop(model, spec.tasks, data, settings, 0, BFLOAT16, files, Points(), lambda: False, {})
    reserved = {}
    while loop.state.step < 500:
        loop._step()
        if loop.state.step in (100, 500):
            loop._report()
            reserved[loop.state.step] = torch.cuda.max_memory_reserved()
    print(f"\nreserved after 100 and 500 steps: {reserved[100] / 2**20:.0f} and {reserved[500] / 2**20:.0f} MiB")
    assert reserved[500] <= 1.1 * reserved[100] + 64 * 2**20
