"""The device and precision with which a worker computes."""

from __future__ import annotations

import contextlib
import platform
from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Device:
    """A torch device and its autocast type."""

    name: str
    """``cpu`` or ``cuda``; the launcher shows a worker one GPU only."""
    autocast: torch.dtype | None
    """None computes in float32."""

    def context(self) -> contextlib.AbstractContextManager[object]:
        """In which forward passes and losses are computed."""
        if self.autocast is None:
            return contextlib.nullcontext()
        return torch.autocast(self.name, self.autocast)

    def seed(self, value: int) -> None:
        """Seed the generators that dropout masks on this device are drawn from."""
        # Not torch.manual_seed: it would also prepare seeds for absent devices, which costs 0.2 ms per step.
        torch.default_generator.manual_seed(value)
        if self.name == "cuda":
            torch.cuda.manual_seed(value)

    def describe(self) -> dict[str, str]:
        """``device`` and ``precision``, as kept in a run's provenance."""
        if self.name == "cuda":
            hardware = torch.cuda.get_device_name()
        else:
            hardware = f"{platform.processor() or platform.machine()}, {torch.get_num_threads()} threads"
        return {"device": hardware, "precision": str(self.autocast or torch.float32).removeprefix("torch.")}


def choose_device(precision: str) -> Device:
    """The GPU if the launcher gave one. ``auto`` takes bfloat16 autocast on GPUs that compute in it, else float32."""
    name = "cuda" if torch.cuda.is_available() else "cpu"
    # On Hopper and newer, torch prefers cuDNN's attention, which builds a plan for every new shape of a batch and has had
    # faults with padding masks.
    torch.backends.cuda.enable_cudnn_sdp(False)
    if precision == "bfloat16" or (precision == "auto" and name == "cuda" and torch.cuda.is_bf16_supported(False)):
        return Device(name, torch.bfloat16)
    return Device(name, None)
