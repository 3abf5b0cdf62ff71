"""What starts where and when: the devices with the runs on them, and the queue in its order."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

from scalearn_tui.dashboard.model.index import RunIndex

if TYPE_CHECKING:
    from engine.registry.listing import ListedRun


@dataclass(frozen=True)
class Device:
    """A GPU, or the CPU where there is none. What nobody tells is None."""

    label: str
    """``GPU 0 NVIDIA H200``, as runs on it have it."""
    slots: int
    """Runs that fit at once; 0 where the configuration takes no more."""
    run_ids: tuple[str, ...]
    """Those on it, each of which has a slot."""
    utilization: float | None = None
    """Share of the time in which it computed, lately."""
    used: int | None = None
    """Bytes of its memory, as ``total``."""
    total: int | None = None
    watts: int | None = None
    busy: str = ""
    """Why runs do not get it."""

    @property
    def name(self) -> str:
        return device_name(self.label)

    @property
    def model(self) -> str:
        return self.label.removeprefix(self.name).strip()


def device_name(label: str) -> str:
    """``GPU 0``, without its model."""
    return " ".join(label.split()[:2])


class Waits(NamedTuple):
    """A queued run, the priority by which it starts, and what it waits for."""

    run_id: str
    priority: int
    reason: str


@dataclass(frozen=True)
class QueueLook:
    """How it all was at one moment; equal ones look alike."""

    devices: tuple[Device, ...] = ()
    waiting: tuple[Waits, ...] = ()
    """In the order in which they start."""
    paused: bool = False
    supervised: bool = False
    since: float | None = None
    """When the supervisor began, in seconds since 1970."""
    stopped: bool = False
    """Whether a user ended the supervisor, so that none starts by itself."""
    trouble: str = ""
    """Why devices are not known."""
    version: int = field(default=-1, compare=False)
    """Of the registry."""

    @property
    def slots(self) -> int:
        """Of all devices."""
        return sum(device.slots for device in self.devices)

    @property
    def live(self) -> tuple[str, ...]:
        """Ids of the runs on devices."""
        return tuple(run_id for device in self.devices for run_id in device.run_ids)


class QueueLine(NamedTuple):
    """A run on a device, or one that waits."""

    run: ListedRun
    place: int
    """In the queue, from 1; 0 for one that has started."""
    priority: int
    reason: str


class QueueLines:
    """Runs under way, then the queue, by position."""

    def __init__(self, look: QueueLook, index: RunIndex) -> None:
        """Runs that the index lacks, as it has not heard of them yet, are left out."""
        self._index = index
        # One that is queued again may still have a worker of before, which has not left its slot.
        again = {one.run_id for one in look.waiting}
        lines = [_line(index, run_id) for run_id in look.live if run_id not in again]
        lines += [_line(index, one.run_id, place, one) for place, one in enumerate(look.waiting, 1)]
        self._lines = [line for line in lines if line is not None]
        self._places = {line.run.id: position for position, line in enumerate(self._lines)}

    def __len__(self) -> int:
        return len(self._lines)

    def __getitem__(self, position: int, /) -> QueueLine:
        return self._lines[position]

    def key(self, position: int) -> Hashable:
        return self._lines[position].run.id

    def stamp(self, position: int) -> Hashable:
        line = self._lines[position]
        return (line.run.version, *line[1:])

    def find(self, key: Hashable) -> int | None:
        return self._places.get(str(key))

    @property
    def queued(self) -> list[ListedRun]:
        """The runs that wait."""
        return [line.run for line in self._lines if line.place]

    def update(self, run_ids: Collection[str]) -> list[Hashable]:
        """Take the newest row of each of these runs; those that are here."""
        found = [run_id for run_id in run_ids if run_id in self._places]
        for run_id in found:
            if (run := self._index.get(run_id)) is not None:
                position = self._places[run_id]
                self._lines[position] = self._lines[position]._replace(run=run)
        return list(found)


def _line(index: RunIndex, run_id: str, place: int = 0, waits: Waits | None = None) -> QueueLine | None:
    run = index.get(run_id)
    if run is None:
        return None
    return QueueLine(run, place, waits.priority if waits else run.priority, waits.reason if waits else "")


def typical_seconds(waiting: Iterable[ListedRun], runs: Iterable[ListedRun]) -> dict[str, float]:
    """By the id of a queued run, how long completed ones like it took.

    Those are of its group, which differ in the seed alone, else of its method, backbone and target. Runs without a likeness
    are left out.
    """
    kinds = {run.id: _kinds(run) for run in waiting}
    taken: dict[Hashable, list[float]] = {kind: [] for both in kinds.values() for kind in both}
    for run in runs:
        if run.state == "completed" and run.seconds:
            for kind in _kinds(run):
                if kind in taken:
                    taken[kind].append(run.seconds)
    found = {run_id: next((kind for kind in both if taken[kind]), None) for run_id, both in kinds.items()}
    typical = {kind: median(seconds) for kind, seconds in taken.items() if seconds}
    return {run_id: typical[kind] for run_id, kind in found.items() if kind is not None}


def _kinds(run: ListedRun) -> tuple[Hashable, Hashable]:
    """What its likeness is looked for by, the closest first."""
    return run.group_id, (run.method, run.backbone, run.target)


def seconds_left(look: QueueLook, typical: Mapping[str, float], index: RunIndex) -> float | None:
    """Seconds until the queue is done where all slots share it evenly; None while that is not known of every run."""
    live = [index.get(run_id) for run_id in look.live]
    left = [run.seconds_left if run else None for run in live] + [typical.get(one.run_id) for one in look.waiting]
    known = [seconds for seconds in left if seconds is not None]
    return sum(known) / look.slots if look.slots and known and len(known) == len(left) else None
