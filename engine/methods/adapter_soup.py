"""AdapterSoup (Chronopoulou et al. 2023): one frozen adapter, the average of the sources most similar to the target.

    theta = sum_t w_t theta_t,   w = the ``top_k`` largest similarities, negative ones set to 0, divided by their sum

The average is taken over every weight and bias of the adapters; only a head is trained on top. A source's similarity is the
mean cosine between sentence embeddings of its training texts and the target's; the target is treated like any other source.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from engine.catalog.task import TaskInfo
from engine.encoder.encoder import Encoder
from engine.encoder.sites import bottlenecks
from engine.errors import UserError
from engine.methods.adapter import Adapter
from engine.methods.model import Model, SourceAdapter, frozen
from engine.methods.stacked_sources import check_sources


def soup_weights(similarities: Sequence[float], top_k: int) -> list[float]:
    """One weight per source; their sum is 1. Raises UserError when no source resembles the target."""
    selected = sorted(range(len(similarities)), key=lambda index: -similarities[index])[:top_k]
    kept = [max(0.0, similarity) if index in selected else 0.0 for index, similarity in enumerate(similarities)]
    if not sum(kept) > 0:
        raise UserError("no source's texts resemble the target's; choose other tasks with --sources")
    return [value / sum(kept) for value in kept]


def average(sources: Sequence[SourceAdapter], weights: Sequence[float]) -> dict[str, Tensor]:
    """``sum_t w_t theta_t`` for every tensor of the adapters, by name without ``adapter.``."""
    return {
        name.removeprefix("adapter."): torch.stack([w * s.tensors[name] for w, s in zip(weights, sources, strict=True)]).sum(0)
        for name in sources[0].tensors
        if name.startswith("adapter.")
    }


def attach(encoder: Encoder, tasks: Sequence[TaskInfo], sources: Sequence[SourceAdapter], *, top_k: int) -> Model:
    """Keeps the ``top_k`` most similar sources.

    Raises:
        UserError: no source resembles the target, or what ``check_sources`` raises.
        ValueError: a source comes without its ``similarity``.
    """
    width = check_sources(frozen(encoder), sources)
    similarities = [source.similarity for source in sources if source.similarity is not None]
    if len(similarities) < len(sources):
        raise ValueError("AdapterSoup needs the similarity of every source")
    soup = Adapter(encoder, width)
    weights = soup_weights(similarities, top_k)
    soup.load_state_dict(average(sources, weights))
    described = {"kind": "soup", "weights": weights, "similarities": similarities}
    parts = {"soup": soup.requires_grad_(False)}
    return Model(encoder, tasks, parts, bottlenecks(soup.layer), describe=lambda _: described)
