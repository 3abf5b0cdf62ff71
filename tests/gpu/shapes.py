"""Random encoders in the shapes of real ones, and splits of random texts of chosen lengths."""

from __future__ import annotations

import numpy as np
import torch

from engine.catalog.catalog import BUILT_IN
from engine.catalog.methods import METHODS
from engine.data.prepared import TaskData
from engine.data.tokenized_split import TokenizedSplit
from engine.encoder.config import EncoderConfig
from engine.encoder.loading import new_encoder
from engine.methods.attach import attach
from engine.methods.model import Model

MINILM = EncoderConfig("bert", 30522, 384, 6, 12, 1536, 512, 2, 0)
BASE = EncoderConfig("roberta", 50265, 768, 12, 12, 3072, 514, 1, 1)
TASK = BUILT_IN.find_task("glue/rte")


def model_of(method: str, shape: EncoderConfig, device: str) -> Model:
    """The method on a random encoder, for a task of two classes."""
    torch.manual_seed(0)
    info = METHODS[method]
    return attach(info, new_encoder(shape, pooler=True), [TASK], [], info.resolve({}, TASK.key, "loss")).to(device)


def texts(lengths: np.ndarray, seed: int = 0) -> TokenizedSplit:
    """Random texts of these lengths with random labels of two classes."""
    random = np.random.default_rng(seed)
    lengths = np.asarray(lengths, dtype=np.int64)
    tokens = random.integers(5, 30_000, lengths.sum()).astype(np.int32)
    labels = random.integers(0, 2, len(lengths))
    return TokenizedSplit(tokens, np.cumsum(lengths) - lengths, lengths, lengths.astype(np.int32), labels)


def ragged_lengths(count: int, longest: int = 128, seed: int = 0) -> np.ndarray:
    """Lengths as those of sentence pairs: most of them short, a few cut at ``longest``."""
    drawn = np.random.default_rng(seed).lognormal(np.log(40), 0.6, count)
    return np.clip(drawn.astype(np.int64), 4, longest)


def data_of(train: TokenizedSplit, dev: TokenizedSplit) -> dict[str, TaskData]:
    return {TASK.key: TaskData({"train": train, "dev": dev, "test": dev}, {}, "random")}
