"""What the GPU driver says: which GPUs there are, what is free on them, and who uses them.

``$SCALEARN_GPUS`` names a file that is asked in place of the driver, so that a queue can be tried on GPUs that are not there:

    {"gpus": [{"uuid": "GPU-a", "name": "A100", "memory": 80, "processes": [{"pid": 4711, "memory": 12.5}]}]}

Memory is in GiB. The file may be changed at any time.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from engine.errors import UserError, complaint

GIB = 2**30
DESCRIBED = "SCALEARN_GPUS"
"""The variable that names the file."""
Answer = TypeVar("Answer")


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
        return f"{self.short} {self.name}"

    @property
    def short(self) -> str:
        """``GPU 0``."""
        return f"GPU {self.index}{'' if self.part is None else f'.{self.part}'}"


@dataclass(frozen=True)
class GpuProcess:
    """A process that computes on a GPU."""

    pid: int
    memory: int | None
    """Bytes; None where the driver does not tell."""


@dataclass(frozen=True)
class Use:
    """A GPU at this moment; what the driver does not tell is None."""

    total: int
    """Bytes of memory, as ``free``."""
    free: int
    processes: tuple[GpuProcess, ...] | None = ()
    utilization: float | None = None
    """Share of the time in which a kernel ran, lately."""
    watts: float | None = None


class Driver(Protocol):
    """Answers about the GPUs of this machine."""

    def gpus(self) -> list[Gpu]:
        """All of them, in the order of the bus; none where there is no driver."""

    def use(self, uuid: str) -> Use | None:
        """What is free on a GPU and who uses it; None where the driver does not answer."""


def driver() -> Driver:
    """The one of this machine, or the file that stands for it."""
    described = os.environ.get(DESCRIBED)
    return DescribedDriver(Path(described)) if described else NvidiaDriver()


class NvidiaDriver:
    """NVML, by its Python bindings."""

    def gpus(self) -> list[Gpu]:
        if (nvml := _nvml()) is None:
            return []
        devices: list[Gpu] = []
        for index in range(nvml.nvmlDeviceGetCount()):
            # One that has fallen off the bus answers nothing; the others are as good as ever.
            with suppress(nvml.NVMLError):
                device = nvml.nvmlDeviceGetHandleByIndex(index)
                # A divided GPU cannot be used as a whole.
                name = nvml.nvmlDeviceGetName(device)
                devices += _mig_instances(nvml, device, index) or [Gpu(index, nvml.nvmlDeviceGetUUID(device), name)]
        return devices

    def use(self, uuid: str) -> Use | None:
        if (nvml := _nvml()) is None:
            return None

        def told(question: Callable[[], Answer]) -> Answer | None:
            with suppress(nvml.NVMLError):
                return question()
            return None

        if (device := told(lambda: nvml.nvmlDeviceGetHandleByUUID(uuid))) is None:
            return None
        if (memory := told(lambda: nvml.nvmlDeviceGetMemoryInfo(device))) is None:
            return None
        processes = told(lambda: nvml.nvmlDeviceGetComputeRunningProcesses(device))
        busy = told(lambda: nvml.nvmlDeviceGetUtilizationRates(device).gpu / 100)
        watts = told(lambda: nvml.nvmlDeviceGetPowerUsage(device) / 1000)
        users = None if processes is None else tuple(GpuProcess(process.pid, process.usedGpuMemory) for process in processes)
        return Use(memory.total, memory.free, users, busy, watts)


@cache
def _nvml() -> Any:
    """The bindings, ready to be asked, once in a process: beginning takes seconds where no other program uses a GPU. None where
    there is no driver."""
    try:
        import pynvml
    except ImportError:
        return None
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return None
    return pynvml


def _mig_instances(nvml: Any, device: object, index: int) -> list[Gpu]:
    """The MIG instances of a divided GPU; empty for any other."""
    try:
        if nvml.nvmlDeviceGetMigMode(device)[0] != nvml.NVML_DEVICE_MIG_ENABLE:
            return []
    except nvml.NVMLError:
        return []
    whole = nvml.nvmlDeviceGetUUID(device)
    instances: list[Gpu] = []
    for number in range(nvml.nvmlDeviceGetMaxMigDeviceCount(device)):
        try:
            part = nvml.nvmlDeviceGetMigDeviceHandleByIndex(device, number)
        except nvml.NVMLError_NotFound:
            continue
        ids = nvml.nvmlDeviceGetGpuInstanceId(part), nvml.nvmlDeviceGetComputeInstanceId(part)
        old = f"MIG-{whole}/{ids[0]}/{ids[1]}"
        uuid, name = nvml.nvmlDeviceGetUUID(part), nvml.nvmlDeviceGetName(part)
        instances.append(Gpu(index, uuid, name, part=number, old_uuid=old))
    return instances


class Process(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    pid: int
    memory: float = 0.0


class DescribedGpu(BaseModel):
    """An entry of the file; memory in GiB."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    uuid: str
    name: str
    memory: float
    processes: tuple[Process, ...] = ()
    utilization: float | None = None
    watts: float | None = None


class Description(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    gpus: tuple[DescribedGpu, ...]


class DescribedDriver:
    """GPUs as a file describes them."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def gpus(self) -> list[Gpu]:
        return [Gpu(index, gpu.uuid, gpu.name) for index, gpu in enumerate(self._described())]

    def use(self, uuid: str) -> Use | None:
        gpu = next((gpu for gpu in self._described() if gpu.uuid == uuid), None)
        if gpu is None:
            return None
        users = tuple(GpuProcess(process.pid, int(process.memory * GIB)) for process in gpu.processes)
        total, taken = int(gpu.memory * GIB), int(sum(process.memory for process in gpu.processes) * GIB)
        return Use(total, total - taken, users, gpu.utilization, gpu.watts)

    def _described(self) -> tuple[DescribedGpu, ...]:
        try:
            return Description.model_validate_json(self._file.read_bytes()).gpus
        except OSError as error:
            raise UserError(f"SCALEARN_GPUS: {self._file} cannot be read: {error.strerror}") from None
        except ValidationError as error:
            raise UserError(f"SCALEARN_GPUS: {self._file} does not describe GPUs: {complaint(error.errors()[0])}") from None
