"""What this machine can train on: one slot for each GPU, else one for the CPU."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field

SPINS = "20000"
"""How long OpenMP threads spin before they sleep. The default made training many times slower when other programs
used the cores as well; this value is as fast on an idle machine."""


@dataclass(frozen=True)
class Gpu:
    """A GPU, or a MIG instance of one, as the driver reports it."""

    index: int
    uuid: str
    name: str


@dataclass(frozen=True)
class Slot:
    """Room for one worker."""

    name: str
    """Name of its lock file."""
    label: str
    """For display."""
    env: dict[str, str] = field(default_factory=dict)
    """Set for the worker, overriding the environment."""
    defaults: dict[str, str] = field(default_factory=dict)
    """Set for the worker unless the environment sets them."""

    @property
    def is_gpu(self) -> bool:
        """Whether it is a GPU or a part of one; its ``name`` is then the identifier that CUDA takes."""
        return "CUDA_VISIBLE_DEVICES" in self.env


def find_slots() -> list[Slot]:
    """The slots of this machine, within the bounds of an inherited ``CUDA_VISIBLE_DEVICES``."""
    return slots_of(visible(gpus(), os.environ.get("CUDA_VISIBLE_DEVICES")))


def slots_of(usable: Sequence[Gpu]) -> list[Slot]:
    """One slot for each GPU, else one that has all CPU cores."""
    if not usable:
        threads = str(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
        return [Slot("cpu", "cpu", defaults={"OMP_NUM_THREADS": threads, "GOMP_SPINCOUNT": SPINS})]
    # By uuid: CUDA numbers devices by speed, the driver by their position on the bus.
    order = {"CUDA_DEVICE_ORDER": "PCI_BUS_ID"}
    return [Slot(gpu.uuid, f"GPU {gpu.index} {gpu.name}", {"CUDA_VISIBLE_DEVICES": gpu.uuid, **order}) for gpu in usable]


def visible(present: Sequence[Gpu], cuda_visible_devices: str | None) -> list[Gpu]:
    """The GPUs that ``CUDA_VISIBLE_DEVICES`` names, in its order, or all; as in CUDA, an unknown name ends the list."""
    if cuda_visible_devices is None:
        return list(present)
    chosen: list[Gpu] = []
    for token in (word.strip() for word in cuda_visible_devices.split(",")):
        matches = [gpu for gpu in present if token == str(gpu.index) or (token and gpu.uuid.startswith(token))]
        if len(matches) != 1 or matches[0] in chosen:
            break
        chosen += matches
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
    devices: list[Gpu] = []
    try:
        for index in range(pynvml.nvmlDeviceGetCount()):
            device = pynvml.nvmlDeviceGetHandleByIndex(index)
            for part in _mig_instances(device) or [device]:
                devices.append(Gpu(index, pynvml.nvmlDeviceGetUUID(part), pynvml.nvmlDeviceGetName(part)))
    finally:
        pynvml.nvmlShutdown()
    return devices


def _mig_instances(device: object) -> list[object]:
    """The MIG instances of a GPU that is divided and so cannot be used as a whole; empty for any other."""
    import pynvml

    try:
        if pynvml.nvmlDeviceGetMigMode(device)[0] != pynvml.NVML_DEVICE_MIG_ENABLE:
            return []
    except pynvml.NVMLError:
        return []
    instances = []
    for index in range(pynvml.nvmlDeviceGetMaxMigDeviceCount(device)):
        try:
            instances.append(pynvml.nvmlDeviceGetMigDeviceHandleByIndex(device, index))
        except pynvml.NVMLError_NotFound:
            continue
    return instances
