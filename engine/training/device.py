"""The device and precision with which a worker computes."""

from __future__ import annotations

import contextlib
import os
import platform
from dataclasses import dataclass

import torch
from torch import nn

from engine.errors import UserError
from engine.methods.model import Model

GPU_NAMES = ("GPU-", "MIG-")
"""How the identifier begins by which a launcher names the GPU of a slot in ``CUDA_VISIBLE_DEVICES``."""

CONTEXT = 512 * 2**20
"""Bytes of a GPU that a process takes besides its tensors: the context and the code of its kernels."""
NO_MEMORY = ("out of memory", "can't allocate memory", "CUBLAS_STATUS_ALLOC_FAILED")
"""In the texts of the errors of torch that have no type of their own: of the CPU's allocator, of a GPU's context, of pinned
memory, of the libraries of matrix products."""


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

    def place(self, model: Model) -> Model:
        """The model on this device. Its layers' frozen maps are stored in the autocast type: autocast would round them again in
        every pass, a launch for each, to the same numbers."""
        model.to(self.name)
        if self.autocast is not None:
            for module in model.encoder.layers.modules():
                if isinstance(module, nn.Linear) and not any(part.requires_grad for part in module.parameters()):
                    module.to(self.autocast)
        return model

    def seed(self, value: int) -> None:
        """Seed the generators that dropout masks on this device are drawn from."""
        # Not torch.manual_seed: it would also prepare seeds for absent devices, which costs 0.2 ms per step.
        torch.default_generator.manual_seed(value)
        if self.name == "cuda":
            torch.cuda.manual_seed(value)

    def describe(self) -> dict[str, str | int]:
        """``device``, ``precision`` and on a CPU ``threads``, as kept in a run's provenance."""
        precision = str(self.autocast or torch.float32).removeprefix("torch.")
        if self.name == "cuda":
            return {"device": torch.cuda.get_device_name(), "precision": precision}
        hardware, threads = platform.processor() or platform.machine(), torch.get_num_threads()
        return {"device": f"{hardware}, {threads} threads", "precision": precision, "threads": threads}


def choose_device(precision: str) -> Device:
    """The GPU if the launcher gave one. ``auto`` takes bfloat16 autocast on GPUs that compute in it, else float32.

    Raises UserError if torch cannot use the GPU that was given: on the CPU a run would take its place without a word.
    """
    check_gpu()
    name = "cuda" if torch.cuda.is_available() else "cpu"
    if precision == "bfloat16" or (precision == "auto" and name == "cuda" and torch.cuda.is_bf16_supported(False)):
        return Device(name, torch.bfloat16)
    return Device(name, None)


def check_gpu() -> None:
    """Compute something on the GPU that ``CUDA_VISIBLE_DEVICES`` names by its identifier, if it names one.

    Raises UserError with the reason why torch cannot: the driver's list of GPUs, from which slots are made, does not tell.
    """
    given = os.environ.get("CUDA_VISIBLE_DEVICES", "")
    if not given.startswith(GPU_NAMES):
        return
    advice = "or use the CPU with CUDA_VISIBLE_DEVICES="
    if torch.version.cuda is None:
        raise UserError(f"this torch is built without CUDA and cannot use {given}; install a CUDA build of torch, {advice}")
    try:
        torch.ones(1, device="cuda").add_(1).item()
    except RuntimeError as error:
        first = first_sentences(error)
        if is_out_of_memory(error):
            raise UserError(f"{given} has no memory left ({first}); end other processes on it, {advice}") from None
        raise UserError(
            f"torch {torch.__version__} cannot use {given} ({first}); update the driver or torch, {advice}"
        ) from None


def peak_memory() -> int | None:
    """Bytes of the GPU that this process took at most; None where it used none."""
    return torch.cuda.max_memory_reserved() + CONTEXT if torch.cuda.is_initialized() else None


def is_out_of_memory(error: BaseException) -> bool:
    """Whether the machine or a GPU had no memory left."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and any(text in str(error) for text in NO_MEMORY)


def first_sentences(error: BaseException) -> str:
    """The part of an error's text that is short: torch goes on with the allocator's state and advice to programmers."""
    first = str(error).strip().partition("\n")[0]
    return ". ".join(first.split(". ")[:3])
