"""The index tables of a packed batch."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.encoder.packing import CPU_GROUPS, pack

from .helpers import ragged

LENGTHS = [5, 17, 3, 30, 30, 9, 12, 1, 2, 8, 8]


@pytest.mark.parametrize("groups", (None, 1, 3))
def test_every_token_has_its_slot_and_padding_is_masked(groups: int | None) -> None:
    tokens, lengths, segments = ragged(LENGTHS)
    packed = pack(tokens, lengths, segments, groups=groups)
    assert packed.tokens.tolist() == tokens.tolist() and packed.segments.tolist() == segments.tolist()
    assert torch.equal(packed.slots[packed.places], torch.arange(len(tokens)))
    assert torch.equal(packed.order[packed.ranks], torch.arange(len(lengths)))
    assert torch.equal(packed.first, torch.from_numpy(np.cumsum(lengths) - lengths))
    assert packed.positions.tolist() == [i for length in LENGTHS for i in range(length)]
    start = 0
    members = packed.order.split([group.sequences for group in packed.groups])
    for group, sequences in zip(packed.groups, members, strict=True):
        size = group.sequences * group.width
        rows = packed.slots[start : start + size].view(group.sequences, group.width)
        real = torch.ones(rows.shape, dtype=torch.bool) if group.real is None else group.real[:, 0, 0]
        assert real.sum(1).tolist() == [LENGTHS[i] for i in sequences] and real.any(0).all()
        for row, kept, sequence in zip(rows, real, sequences, strict=True):
            assert row[kept].tolist() == list(range(packed.first[sequence], packed.first[sequence] + LENGTHS[sequence]))
            assert (row[~kept] == packed.first[sequence]).all()
        start += size
    assert start == len(packed.slots)


def test_groups_of_one_length_need_no_mask_and_small_batches_few_groups() -> None:
    packed = pack(*ragged([7] * 20))
    assert len(packed.groups) == CPU_GROUPS and all(group.real is None for group in packed.groups)
    assert len(pack(*ragged([4, 9])).groups) == 2


def test_eight_groups_hardly_pad() -> None:
    lengths = np.random.default_rng(0).integers(5, 129, 32).tolist()
    packed = pack(*ragged(lengths))
    assert len(packed.slots) / sum(lengths) < 1.15 < 32 * max(lengths) / sum(lengths)
