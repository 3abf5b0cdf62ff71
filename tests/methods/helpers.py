"""A small random encoder, source adapters for it, and every method attached by its catalog entry."""

from __future__ import annotations

import numpy as np
import torch

from engine.catalog.catalog import BUILT_IN
from engine.catalog.methods import METHODS
from engine.catalog.task import TaskInfo
from engine.encoder.config import EncoderConfig
from engine.encoder.encoder import Encoder
from engine.encoder.loading import new_encoder
from engine.encoder.packing import Packed, pack
from engine.methods.model import Model, SourceAdapter

from ..attaching import attach_by_name

CONFIG = EncoderConfig("bert", 99, 32, 3, 4, 64, 40, 2, 0)
RTE = BUILT_IN.find_task("glue/rte")
TWO_STAGE = [name for name, info in METHODS.items() if info.group == "two-stage"]
COMBINING = [name for name in TWO_STAGE if name != "adaptersoup"]
"""Methods that combine the sources' outputs."""
REDUCTION = 4


def small_encoder(seed: int = 0, dropout: float = 0.0) -> Encoder:
    """Weights large enough that every path matters."""
    torch.manual_seed(seed)
    shape = {**CONFIG.__dict__, "hidden_dropout_prob": dropout, "attention_probs_dropout_prob": dropout}
    encoder = new_encoder(EncoderConfig(**shape), pooler=True)
    with torch.no_grad():
        for parameter in encoder.parameters():
            parameter.copy_(torch.randn_like(parameter) * 0.2 + (parameter.dim() == 1))
    return encoder


def source_adapter(task: str, seed: int, width: int = CONFIG.hidden_size // REDUCTION) -> SourceAdapter:
    random = torch.Generator().manual_seed(seed)
    d = CONFIG.hidden_size
    shapes = {"down.weight": (width, d), "down.bias": (width,), "up.weight": (d, width), "up.bias": (d,)}
    return SourceAdapter(
        task,
        {
            f"adapter.layer.{i}.{name}": torch.randn(shape, generator=random) * 0.3
            for i in range(CONFIG.num_hidden_layers)
            for name, shape in shapes.items()
        },
        similarity=1 / (seed + 1),
    )


def source_adapters(count: int = 3) -> list[SourceAdapter]:
    return [source_adapter(f"glue/source{i}", i) for i in range(count)]


def attached(
    method: str,
    encoder: Encoder | None = None,
    sources: list[SourceAdapter] | None = None,
    tasks: tuple[TaskInfo, ...] = (RTE,),
    **settings: object,
) -> Model:
    """The method on the small encoder, with what a test does not say."""
    info = METHODS[method]
    if sources is None:
        sources = source_adapters(info.source_count or 3) if info.source_method else []
    return attach_by_name(method, encoder or small_encoder(), tasks, sources, **{"reduction": REDUCTION, **settings})


def batch(lengths: tuple[int, ...] = (5, 17, 3, 9), seed: int = 0) -> Packed:
    tokens = np.random.default_rng(seed).integers(3, CONFIG.vocab_size, sum(lengths))
    return pack(tokens, np.array(lengths), np.zeros(sum(lengths), dtype=np.int64))
