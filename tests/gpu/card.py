"""The GPU that these tests are about. Where torch has none, importing this skips the importing module as a whole."""

from __future__ import annotations

import gc

import pytest
import torch

from engine.training.device import Device

if not torch.cuda.is_available():
    pytest.skip("torch has no GPU here", allow_module_level=True)

CARD = "cuda"
FLOAT32 = Device(CARD, None)
BFLOAT16 = Device(CARD, torch.bfloat16)


def empty() -> None:
    """Give the memory of earlier tests back to the driver."""
    gc.collect()
    torch.cuda.synchronize()
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()
