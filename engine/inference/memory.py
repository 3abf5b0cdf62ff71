"""Batch size of predictions: as many tokens as fit into a share of the free memory."""

from __future__ import annotations

from pathlib import Path

import psutil
import torch

from engine.encoder.config import EncoderConfig
from engine.training.device import Device

SHARE = 0.25
"""Of the free memory: other processes take some too, and the allocator wastes a part."""
MIN_TOKENS = 512
MAX_TOKENS = {"cpu": 16_384, "cuda": 131_072}
"""Bounds where memory is ample; that of a GPU is a guess, not measured."""
WIDTHS = 16
"""Vectors of the hidden size that live per token while a layer is computed, float32."""
LIMITS = (("memory.max", "memory.current"), ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"))
"""Files below ``/sys/fs/cgroup`` with the limit and the usage of a container, of cgroup versions 2 and 1."""


def tokens_per_batch(device: Device, config: EncoderConfig, length: int) -> int:
    """Tokens of a batch of sequences of at most ``length`` tokens, without gradients."""
    free = torch.cuda.mem_get_info()[0] if device.name == "cuda" else free_memory()
    per_token = 4 * (WIDTHS * config.hidden_size + config.num_attention_heads * length)
    return int(min(max(SHARE * free / per_token, MIN_TOKENS), MAX_TOKENS[device.name]))


def free_memory(cgroup: Path = Path("/sys/fs/cgroup")) -> int:
    """Bytes that this process can still allocate, within the machine and the container that it runs in."""
    free = psutil.virtual_memory().available
    for limit, used in LIMITS:
        try:
            free = min(free, int((cgroup / limit).read_text()) - int((cgroup / used).read_text()))
        except (OSError, ValueError):
            # No such cgroup, or one without a limit.
            continue
    return max(free, 0)
