"""Self-attention over packed rows, one rectangle per length group."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.encoder.packing import Packed

GPU_HEAD_MULTIPLE = 8
"""Torch takes the slow mathematical kernel on a GPU for other head sizes (PALs 34, top attention 17)."""

# On Hopper and newer, torch may choose cuDNN's attention, which builds a plan for every new shape of a batch and has open
# faults with padding masks.
torch.backends.cuda.enable_cudnn_sdp(False)


def attend(query: Tensor, key: Tensor, value: Tensor, packed: Packed, heads: int, dropout: float, first_only: bool) -> Tensor:
    """``softmax(Q K^T / sqrt(d / heads)) V`` within each sequence.

    Args:
        query: ``[N, d]``, or ``[B, d]`` in the order of the sequences when ``first_only``.
        key, value: ``[N, d]``.
        dropout: rate on the attention probabilities; 0 outside training.

    Returns:
        The shape and row order of ``query``.
    """
    widths = [1 if first_only else group.width for group in packed.groups]
    query_slots = packed.order if first_only else packed.slots
    # One gather per tensor and per call: a gather per group would make backward fill and add [N, d] once per group.
    queries = query.index_select(0, query_slots).split([g.sequences * w for g, w in zip(packed.groups, widths, strict=True)])
    sizes = [group.sequences * group.width for group in packed.groups]
    keys = key.index_select(0, packed.slots).split(sizes)
    values = value.index_select(0, packed.slots).split(sizes)

    def by_head(rows: Tensor, sequences: int) -> Tensor:
        return rows.view(sequences, -1, heads, rows.shape[-1] // heads).transpose(1, 2)

    multiple = GPU_HEAD_MULTIPLE if query.is_cuda else 1
    outputs = []
    for group, q, k, v in zip(packed.groups, queries, keys, values, strict=True):
        by_heads = by_head(q, group.sequences), by_head(k, group.sequences), by_head(v, group.sequences)
        mixed = attention(*by_heads, group.real, dropout, multiple)
        outputs.append(mixed.transpose(1, 2).reshape(q.shape))
    return torch.cat(outputs).index_select(0, packed.ranks if first_only else packed.places)


def attention(query: Tensor, key: Tensor, value: Tensor, real: Tensor | None, dropout: float, multiple: int) -> Tensor:
    """Attention of every head by itself, ``[sequences, heads, width, size]``, over the keys that are ``real``.

    The kernel is given heads whose size is padded with zeros to a ``multiple``, which changes neither products nor scale.
    """
    size = query.shape[-1]
    if spare := -size % multiple:
        query, key, value = (F.pad(part, (0, spare)) for part in (query, key, value))
    return F.scaled_dot_product_attention(query, key, value, real, dropout, scale=1 / math.sqrt(size))[..., :size]
