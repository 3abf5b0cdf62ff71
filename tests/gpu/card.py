"""The GPU that these tests are about. Where torch has none, importing this skips the importing module as a whole."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import torch

from engine.launch.devices import Slot, find_slots
from engine.training.device import Device

if not torch.cuda.is_available():
    pytest.skip("torch has no GPU here", allow_module_level=True)

CARD = "cuda"
FLOAT32 = Device(CARD, None)
BFLOAT16 = Device(CARD, torch.bfloat16)


def slot() -> Slot:
    """Where a worker is given the card."""
    (first, *_) = find_slots()
    assert first.gpu
    return first


def empty() -> None:
    """Give the memory of earlier tests back to the driver."""
    gc.collect()
    torch.cuda.synchronize()
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()


@contextmanager
def occupied(leaving: int) -> Iterator[None]:
    """Take the card's memory, all but so many bytes."""
    empty()
    taken = torch.empty(max(0, torch.cuda.mem_get_info()[0] - leaving), dtype=torch.uint8, device=CARD)
    try:
        yield
    finally:
        del taken
        empty()


@contextmanager
def limited(further: int) -> Iterator[None]:
    """Let this process take only so many bytes of the card more than it has."""
    empty()
    total = torch.cuda.mem_get_info()[1]
    torch.cuda.set_per_process_memory_fraction((torch.cuda.memory_reserved() + further) / total)
    try:
        yield
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
        empty()
