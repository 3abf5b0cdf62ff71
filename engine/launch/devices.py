"""What this machine can train on: one slot for each GPU, else one for the CPU."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field

SPINS = "20000"
"""How long OpenMP threads spin before they sleep. Its default made training many times slower when other programs
used the cores as well; with this it is as fast on an idle machine."""


@dataclass(frozen=True)
class Gpu:
    """A GPU, or a part of one, as the driver tells it."""

    index: int
    uuid: str
    name: str


@dataclass(frozen=True)
class Slot:
    """Room for one worker."""

    name: str
    """Name of its lock file."""
    label: str
    """For people."""
    env: dict[str, str] = field(default_factory=dict)
    """Set for the worker, whatever the environment says."""
    defaults: dict[str, str] = field(default_factory=dict)
    """Set for the worker unless the environment says otherwise."""


def find_slots() -> list[Slot]:
    """The slots of this machine, within the bounds of an inherited ``CUDA_VISIBLE_DEVICES``."""
    return slots_of(visible(gpus(), os.environ.get("CUDA_VISIBLE_DEVICES")))


def slots_of(found: Sequence[Gpu]) -> list[Slot]:
    """One slot for each GPU, else one that has all CPU cores."""
    if not found:
        threads = str(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
        return [Slot("cpu", "cpu", defaults={"OMP_NUM_THREADS": threads, "GOMP_SPINCOUNT": SPINS})]
    # By uuid: CUDA numbers devices by speed, the driver by their place on the bus.
    order = {"CUDA_DEVICE_ORDER": "PCI_BUS_ID"}
    return [Slot(gpu.uuid, f"GPU {gpu.index} {gpu.name}", {"CUDA_VISIBLE_DEVICES": gpu.uuid, **order}) for gpu in found]


def visible(found: Sequence[Gpu], told: str | None) -> list[Gpu]:
    """Those of ``found`` that ``CUDA_VISIBLE_DEVICES`` names, in its order; as in CUDA, an unknown name ends the list."""
    if told is None:
        return list(found)
    chosen: list[Gpu] = []
    for token in (word.strip() for word in told.split(",")):
        match = [gpu for gpu in found if token == str(gpu.index) or (token and gpu.uuid.startswith(token))]
        if len(match) != 1 or match[0] in chosen:
            break
        chosen += match
    return chosen


def gpus() -> list[Gpu]:
    """All GPUs in the order of the bus; none where there is no driver."""
    try:
        import pynvml
    except ImportError:
        return []
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return []
    found: list[Gpu] = []
    try:
        for index in range(pynvml.nvmlDeviceGetCount()):
            device = pynvml.nvmlDeviceGetHandleByIndex(index)
            for part in _parts(device) or [device]:
                found.append(Gpu(index, pynvml.nvmlDeviceGetUUID(part), pynvml.nvmlDeviceGetName(part)))
    finally:
        pynvml.nvmlShutdown()
    return found


def _parts(device: object) -> list[object]:
    """The MIG instances of a GPU that is divided: the whole one cannot be used then."""
    import pynvml

    try:
        if pynvml.nvmlDeviceGetMigMode(device)[0] != pynvml.NVML_DEVICE_MIG_ENABLE:
            return []
    except pynvml.NVMLError:
        return []
    parts = []
    for place in range(pynvml.nvmlDeviceGetMaxMigDeviceCount(device)):
        try:
            parts.append(pynvml.nvmlDeviceGetMigDeviceHandleByIndex(device, place))
        except pynvml.NVMLError_NotFound:
            continue
    return parts
