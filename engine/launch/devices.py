"""What this machine can train on: one slot for each GPU, else one for the CPU."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from engine.errors import UserError

SPINS = "20000"
"""How long OpenMP threads spin before they sleep. The default made training many times slower when other programs
used the cores as well; this value is as fast on an idle machine."""

VARIABLE = "CUDA_VISIBLE_DEVICES"
HIDING = ("", "-1", "NoDevFiles")
"""First words of ``CUDA_VISIBLE_DEVICES`` that users and schedulers write in order to hide all GPUs."""
BUS_ORDER = {"CUDA_DEVICE_ORDER": "PCI_BUS_ID"}


@dataclass(frozen=True)
class Gpu:
    """A GPU, or a MIG instance of one, as the driver reports it."""

    index: int
    """Of the GPU, in the order of the bus."""
    uuid: str
    name: str
    part: int | None = None
    """Of a MIG instance, its number within the GPU."""
    old_uuid: str = ""
    """Of a MIG instance, what drivers before 470 called it: ``MIG-GPU-<uuid of the GPU>/<instance>/<compute instance>``."""

    @property
    def label(self) -> str:
        return f"GPU {self.index}{'' if self.part is None else f'.{self.part}'} {self.name}"


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
        return VARIABLE in self.env


def find_slots() -> list[Slot]:
    """The slots of this machine, within the bounds of an inherited ``CUDA_VISIBLE_DEVICES``; raises as ``visible`` does."""
    return slots_of(visible(gpus(), os.environ))


def slots_of(usable: Sequence[Gpu]) -> list[Slot]:
    """One slot for each GPU, else one that has all CPU cores."""
    if not usable:
        threads = str(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
        return [Slot("cpu", "cpu", defaults={"OMP_NUM_THREADS": threads, "GOMP_SPINCOUNT": SPINS})]
    # By uuid, because a number means another GPU in another order.
    return [Slot(gpu.uuid, gpu.label, {VARIABLE: gpu.uuid, **BUS_ORDER}) for gpu in usable]


def visible(present: Sequence[Gpu], environment: Mapping[str, str]) -> list[Gpu]:
    """The GPUs that ``CUDA_VISIBLE_DEVICES`` names, in its order, or all; as in CUDA, an unknown name ends the list.

    Raises UserError where it is clear neither which GPU is meant nor that none is: a run would take the CPU, or another
    person's GPU, without a word.
    """
    given = environment.get(VARIABLE)
    if given is None or not present:
        return list(present)
    words = [word.strip() for word in given.split(",")]
    in_bus_order = BUS_ORDER.items() <= environment.items()
    if any(word.isdecimal() for word in words) and not in_bus_order and len({_model(gpu) for gpu in present}) > 1:
        raise UserError(
            f"{VARIABLE}={given} is unclear: CUDA numbers unequal GPUs by speed, nvidia-smi by their place on the bus; "
            "set CUDA_DEVICE_ORDER=PCI_BUS_ID too, or name identifiers of `nvidia-smi -L`"
        )
    chosen: list[Gpu] = []
    for word in words:
        gpu = _named(present, word)
        if gpu is None or gpu in chosen:
            break
        chosen.append(gpu)
    if not chosen and words[0] not in HIDING:
        known = ", ".join(gpu.label for gpu in present)
        raise UserError(
            f"{VARIABLE}={given} does not name one of this machine's GPUs ({known}); "
            "take a number or an identifier of `nvidia-smi -L`, or nothing for the CPU"
        )
    return chosen


def _named(present: Sequence[Gpu], word: str) -> Gpu | None:
    """The GPU that CUDA takes for one word: a number, which of a divided GPU is its first instance, or how one uuid begins."""
    if word.isdecimal():
        return next((gpu for gpu in present if gpu.index == int(word)), None)
    matches = [gpu for gpu in present if word and (gpu.uuid.startswith(word) or gpu.old_uuid == word)]
    return matches[0] if len(matches) == 1 else None


def _model(gpu: Gpu) -> str:
    """What GPUs of equal speed share: a MIG instance's name is its GPU's and its size."""
    return gpu.name.partition(" MIG ")[0]


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
            # A divided GPU cannot be used as a whole.
            name = pynvml.nvmlDeviceGetName(device)
            devices += _mig_instances(device, index) or [Gpu(index, pynvml.nvmlDeviceGetUUID(device), name)]
    finally:
        pynvml.nvmlShutdown()
    return devices


def _mig_instances(device: object, index: int) -> list[Gpu]:
    """The MIG instances of a divided GPU; empty for any other."""
    import pynvml

    try:
        if pynvml.nvmlDeviceGetMigMode(device)[0] != pynvml.NVML_DEVICE_MIG_ENABLE:
            return []
    except pynvml.NVMLError:
        return []
    whole = pynvml.nvmlDeviceGetUUID(device)
    instances: list[Gpu] = []
    for number in range(pynvml.nvmlDeviceGetMaxMigDeviceCount(device)):
        try:
            part = pynvml.nvmlDeviceGetMigDeviceHandleByIndex(device, number)
        except pynvml.NVMLError_NotFound:
            continue
        ids = pynvml.nvmlDeviceGetGpuInstanceId(part), pynvml.nvmlDeviceGetComputeInstanceId(part)
        old = f"MIG-{whole}/{ids[0]}/{ids[1]}"
        uuid, name = pynvml.nvmlDeviceGetUUID(part), pynvml.nvmlDeviceGetName(part)
        instances.append(Gpu(index, uuid, name, part=number, old_uuid=old))
    return instances
