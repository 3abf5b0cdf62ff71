"""What this machine can train on: one slot or several for each GPU, else one for the CPU."""

from __future__ import annotations

import logging
import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from engine.errors import UserError
from engine.files.config import DEFAULTS, Config, read_config
from engine.files.home import Home
from engine.gpu_driver import GIB, Gpu, driver

log = logging.getLogger("supervisor")
SPINS = "20000"
"""How long OpenMP threads spin before they sleep. The default made training many times slower when other programs
used the cores as well; this value is as fast on an idle machine."""

VARIABLE = "CUDA_VISIBLE_DEVICES"
HIDING = ("", "-1", "NoDevFiles")
"""First words of ``CUDA_VISIBLE_DEVICES`` that users and schedulers write in order to hide all GPUs."""
BUS_ORDER = {"CUDA_DEVICE_ORDER": "PCI_BUS_ID"}


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
    gpu: Gpu | None = None
    """The GPU, or the part of one, that the worker has; it may have other slots too."""
    claimed: bool = False
    """Whether its user named the GPU, so that it is taken though other people's processes use it."""
    floor: int = 0
    """Bytes of the GPU's memory that stay free where several workers share it."""

    def suits(self, gpus: Collection[str]) -> bool:
        """Whether it is for a run that may have these GPUs, any if none are named."""
        return not gpus or (self.gpu is not None and self.gpu.uuid in gpus)


def gpus() -> list[Gpu]:
    """All GPUs in the order of the bus; none where there is no driver."""
    return driver().gpus()


def find_slots(config: Config = DEFAULTS) -> list[Slot]:
    """The slots of this machine, within the bounds of an inherited ``CUDA_VISIBLE_DEVICES`` and of the configuration.

    Raises UserError as ``visible`` does, and where the configuration names a GPU that is not within the first bound.
    """
    usable = visible(gpus(), os.environ)
    if config.gpus is None or not usable:
        return slots_of(usable, config)
    return slots_of(_all_named(usable, map(str, config.gpus), "config.toml: gpus"), config)


def gpus_named(words: Sequence[str], slots: Sequence[Slot]) -> tuple[str, ...]:
    """Identifiers of the GPUs that the words name, by number or identifier.

    Raises UserError for words that name none of those that runs may have, which are those of the ``slots``.
    """
    usable = list(dict.fromkeys(slot.gpu for slot in slots if slot.gpu))
    if not usable:
        raise UserError("--gpus names GPUs, and there is none here that runs may have; leave it out")
    return tuple(gpu.uuid for gpu in _all_named(usable, words, "--gpus"))


def _all_named(usable: Sequence[Gpu], words: Iterable[str], what: str) -> list[Gpu]:
    """The GPUs that the words name, each once. Raises UserError, which begins with ``what`` names them."""
    chosen: dict[Gpu, None] = {}
    for word in words:
        if (gpu := _named(usable, word)) is None:
            known = ", ".join(gpu.label for gpu in usable)
            raise UserError(f"{what} names {word}, which is none of {known}; take numbers or identifiers of `nvidia-smi -L`")
        chosen[gpu] = None
    return list(chosen)


class ConfiguredSlots:
    """The slots of a home, found again when its configuration has changed."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._stamp = self._now()
        self._slots = find_slots(read_config(home))

    def __call__(self) -> list[Slot]:
        """They stay as they were while the configuration has a mistake."""
        if (now := self._now()) != self._stamp:
            self._stamp = now
            try:
                self._slots = find_slots(read_config(self._home))
            except UserError as error:
                log.error("%s; the devices stay as they were", error)
        return self._slots

    def _now(self) -> tuple[int, int] | None:
        try:
            found = self._home.config.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size


def slots_of(usable: Sequence[Gpu], config: Config = DEFAULTS) -> list[Slot]:
    """As many slots for each GPU as the configuration says, else one that has all CPU cores."""
    if not usable:
        threads = str(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
        return [Slot("cpu", "cpu", defaults={"OMP_NUM_THREADS": threads, "GOMP_SPINCOUNT": SPINS})]
    floor, claimed = int(config.free_gpu_memory * GIB), config.gpus is not None
    # By uuid, because a number means another GPU in another order. A GPU is not shared before each has a worker.
    return [
        Slot(
            f"{gpu.uuid}.{number}" if number else gpu.uuid,
            gpu.label,
            {VARIABLE: gpu.uuid, **BUS_ORDER},
            {},
            gpu,
            claimed,
            floor,
        )
        for number in range(config.slots_per_gpu)
        for gpu in usable
    ]


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
