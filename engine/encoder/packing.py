"""A ragged batch as rows: one row per real token, and the index tables that attention needs.

Nothing token-wise is ever computed on padding. Only attention uses rectangles: sequences are sorted by length into a few
groups, and each group is as wide as its own longest sequence. Which sequences form a batch does not change.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

CPU_GROUPS = 8
"""Length groups of a batch. More groups pad less; fewer make larger matrix products."""
GPU_GROUPS = 1
"""On a GPU every group costs kernel launches in every layer, which is worse there than the padding it saves."""


@dataclass(frozen=True)
class Group:
    """Sequences of similar length, side by side."""

    sequences: int
    width: int
    """Tokens of the longest one."""
    real: Tensor | None
    """bool ``[sequences, 1, 1, width]``: which keys exist; None when all have the same length."""


@dataclass(frozen=True)
class Packed:
    """``B`` sequences with ``N`` tokens in total. Rows keep the order in which sequences and tokens were given."""

    tokens: Tensor
    """int64 ``[N]``."""
    positions: Tensor
    """int64 ``[N]``, 0-based within the sequence."""
    segments: Tensor
    """int64 ``[N]``, token type 0 or 1."""
    first: Tensor
    """int64 ``[B]``: row of each sequence's first token."""
    groups: tuple[Group, ...]
    slots: Tensor
    """int64 ``[P]``: the row that stands at each slot of the groups' rectangles, one after the other. Slots past the end of a
    sequence repeat its first row; they are masked as keys and their outputs are never read."""
    places: Tensor
    """int64 ``[N]``: the slot of each row, so that ``slots[places]`` is ``arange(N)``."""
    order: Tensor
    """int64 ``[B]``: the sequences in the groups' order."""
    ranks: Tensor
    """int64 ``[B]``: the inverse of ``order``."""


def send(values: np.ndarray, device: str | torch.device) -> Tensor:
    """An array as a tensor on ``device``, without waiting for work queued on the device."""
    tensor = torch.from_numpy(values)
    if torch.device(device).type == "cuda":
        # A copy from pageable memory would wait until the device has finished all work in its queue.
        tensor = tensor.pin_memory()
    return tensor.to(device, non_blocking=True)


def pack(
    tokens: np.ndarray, lengths: np.ndarray, segments: np.ndarray, device: str | torch.device = "cpu", groups: int | None = None
) -> Packed:
    """Prepare a batch on the CPU and send it to ``device``; the forward pass then needs no synchronisation.

    Args:
        tokens: integer ``[N]``, the sequences one after the other.
        lengths: integer ``[B]``, at least 1 each.
        segments: integer ``[N]``.
        groups: maximal number of length groups; by default one that suits the device.
    """
    device = torch.device(device)
    groups = groups or (CPU_GROUPS if device.type == "cpu" else GPU_GROUPS)
    lengths = np.asarray(lengths, dtype=np.int64)
    starts = np.cumsum(lengths) - lengths
    order = np.argsort(lengths, kind="stable")
    places = np.empty(len(tokens), dtype=np.int64)
    slots: list[np.ndarray] = []
    rectangles: list[Group] = []
    filled = 0
    for members in np.array_split(order, min(groups, len(order))):
        width = int(lengths[members].max())
        columns = np.arange(width)
        real = columns < lengths[members, None]
        rows = starts[members, None] + np.where(real, columns, 0)
        places[rows[real]] = filled + np.flatnonzero(real)
        filled += rows.size
        slots.append(rows.ravel())
        mask = None if real.all() else send(real[:, None, None], device)
        rectangles.append(Group(len(members), width, mask))

    tables = {
        "tokens": tokens,
        "positions": np.arange(len(tokens)) - np.repeat(starts, lengths),
        "segments": segments,
        "first": starts,
        "slots": np.concatenate(slots),
        "places": places,
        "order": order,
        "ranks": np.argsort(order),
    }
    # One transfer for all of them.
    together = send(np.concatenate(list(tables.values()), dtype=np.int64), device)
    parts = together.split([len(table) for table in tables.values()])
    return Packed(groups=tuple(rectangles), **dict(zip(tables, parts, strict=True)))
