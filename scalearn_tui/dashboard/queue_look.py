"""Looking at devices, slots, supervisor and queue, in threads."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.errors import UserError
from engine.files.home import Home
from scalearn_tui.dashboard.blocking import Background
from scalearn_tui.dashboard.model.queue import Device, QueueLook, Waits
from scalearn_tui.text.errors import one_line

if TYPE_CHECKING:
    from engine.gpu_driver import Gpu
    from engine.launch.devices import Slot
    from engine.launch.executor import Executor, Handle
    from engine.launch.queue import Waiting
    from engine.registry.reading import Reader

ROUGHLY = 2**26
"""Bytes to which memory is rounded, so that what nobody would notice is no change."""


class QueueWatch:
    """Looks one at a time; of the looks asked for meanwhile only the last is made."""

    def __init__(self, background: Background, changed: Callable[[QueueLook | None], None]) -> None:
        """``changed`` is called with the look before when ``now`` or ``trouble`` is another one."""
        self._background, self._changed = background, changed
        self.now: QueueLook | None = None
        """What was seen last; None before the first look."""
        self.trouble = ""
        """Why it may be old."""
        self._looking = False
        self._next: Reader | None = None

    def look(self, reader: Reader) -> None:
        """Look now, or after the look that is being made."""
        if self._looking:
            self._next = reader
            return
        self._looking, self._next = True, None
        before = self.now
        self._background(lambda: look(reader, before), self._seen, lambda error: self._take(self.now, one_line(error)))

    def _seen(self, seen: QueueLook) -> None:
        self._take(seen, "")

    def _take(self, seen: QueueLook | None, trouble: str) -> None:
        before, self._looking = self.now, False
        if (seen, trouble) != (before, self.trouble):
            self.now, self.trouble = seen, trouble
            self._changed(before)
        if self._next is not None:
            self.look(self._next)


def look(reader: Reader, before: QueueLook | None = None) -> QueueLook:
    """How devices and queue are now; the look before where that is the same. Blocks. Raises as the registry does."""
    from engine.launch.checkup import supervisor_of
    from engine.launch.queue import is_paused
    from engine.launch.supervision import is_stopped, is_supervised

    home, version = reader.home, reader.version()
    slots, executors, trouble = _served(home)
    begun = supervisor_of(home)
    now = QueueLook(
        devices=_devices(slots, _held(home), _live(reader)),
        paused=is_paused(home),
        supervised=is_supervised(home),
        since=begun[1] if begun else None,
        stopped=is_stopped(home),
        trouble=trouble,
        version=version,
    )
    if before is not None and before.version == version and replace(before, waiting=()) == now:
        return before
    return replace(now, waiting=tuple(Waits(one.run.id, one.priority, one.waits_for) for one in _waiting(reader, executors)))


def _served(home: Home) -> tuple[Sequence[Slot], Mapping[str, Executor], str]:
    """The slots of this machine and what starts runs in them; without any, why."""
    from engine.files.config import read_config
    from engine.launch.devices import find_slots
    from engine.launch.executors import EXECUTORS
    from engine.launch.local import LocalExecutor

    try:
        return find_slots(read_config(home)), {name: make(home) for name, make in EXECUTORS.items()}, ""
    except UserError as error:
        return (), {LocalExecutor.name: LocalExecutor(home, slots=())}, one_line(error)


def _waiting(reader: Reader, executors: Mapping[str, Executor]) -> Sequence[Waiting]:
    from engine.launch.local import LocalExecutor
    from engine.launch.queue import waiting

    try:
        return waiting(reader, executors)
    except OSError:
        # Where slots cannot be locked, as on a read-only disk, nobody knows of one; the order is known all the same.
        return waiting(reader, {LocalExecutor.name: LocalExecutor(reader.home, slots=())})


def _held(home: Home) -> Collection[Handle]:
    """The workers that hold a slot."""
    from engine.launch.local import LocalExecutor

    return LocalExecutor(home, slots=()).held().values()


def _live(reader: Reader) -> dict[str, str]:
    """By id the device of each run that has started, the oldest first."""
    from engine.registry.records import LIVE

    return {run.id: run.device or "" for run in reversed(reader.runs(states=LIVE))}


def _devices(slots: Sequence[Slot], held: Collection[Handle], live: Mapping[str, str]) -> tuple[Device, ...]:
    """A device for each label of a slot, and for each where runs are though it has no slots any more."""
    by_label: dict[str, list[Slot]] = {}
    for slot in slots:
        by_label.setdefault(slot.label, []).append(slot)
    for label in live.values():
        by_label.setdefault(label, [])
    return tuple(_device(label, own, held, live) for label, own in by_label.items())


def _device(label: str, slots: Sequence[Slot], held: Collection[Handle], live: Mapping[str, str]) -> Device:
    names = {slot.name for slot in slots}
    run_ids = dict.fromkeys(run_id for run_id, device in live.items() if device == label)
    # A worker that has reported the end of its run and not exited yet has its slot all the same.
    run_ids |= dict.fromkeys(handle["run_id"] for handle in held if handle["slot"] in names and handle["run_id"] not in live)
    device = Device(label, len(slots), tuple(run_ids))
    return _with_use(device, slots[0].gpu, slots[0].claimed, held) if slots and slots[0].gpu else device


def _with_use(device: Device, gpu: Gpu, claimed: bool, held: Collection[Handle]) -> Device:
    """What the driver says of a GPU."""
    from engine.gpu_driver import driver
    from engine.launch.admission import Resident, users

    use = driver().use(gpu.uuid)
    if use is None:
        return replace(device, busy="its driver does not answer")
    others = users(use, [Resident(handle["run_id"], handle["pid"]) for handle in held if handle.get("gpu") == gpu.uuid])
    return replace(
        device,
        utilization=None if use.utilization is None else round(use.utilization, 2),
        used=round((use.total - use.free) / ROUGHLY) * ROUGHLY,
        total=use.total,
        watts=None if use.watts is None else round(use.watts),
        busy=f"{others} uses it" if others and not claimed else "",
    )
