"""Whether a GPU has room for one more run: nothing of other people is disturbed, and no run takes the memory of another.

A run starts on a GPU without workers whatever it needs: where memory is short it takes fewer examples at a time. Beside other
workers it starts only if what runs of its kind were measured to need (``Run.memory_kind``) fits, and if the same is known of
them.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.gpu_driver import GIB, GpuProcess, Use

UNUSED = 0.9
"""Share of a GPU's memory that is free at least where no program uses it."""
UNKNOWN = "of runs of its kind is not known yet"


@dataclass(frozen=True)
class Resident:
    """A worker on a GPU."""

    run_id: str
    session: int
    """Its processes are those of this session."""


def refusal(
    name: str,
    use: Use | None,
    residents: Sequence[Resident],
    run_id: str,
    peaks: Mapping[str, int | None],
    floor: int,
    claimed: bool,
) -> str | None:
    """What a run waits for before it may start on a GPU; None if it may.

    Args:
        name: of the GPU.
        use: what the driver says; None where it does not answer.
        peaks: bytes that the runs of the residents and ``run_id`` take at most, by run; None where that is not known.
        floor: bytes that stay free.
        claimed: whether other people's processes on the GPU do not matter.
    """
    if not claimed and (others := users(use, residents)):
        return f"{name}, which {others} uses; name it with --gpus, or `gpus` in config.toml"
    if not residents:
        return None
    if use is None:
        return f"{name} to be empty: the driver does not say what is free"
    if (need := peaks.get(run_id)) is None:
        return f"{name} to be empty: the memory {UNKNOWN}"
    taken = [peaks.get(resident.run_id) for resident in residents]
    if unknown := [resident.run_id for resident, peak in zip(residents, taken, strict=True) if peak is None]:
        return f"run {unknown[0]} on {name}: the memory {UNKNOWN}"
    # A worker that has just started will take more than it has now.
    foreign = strangers(use.processes or (), residents)
    promised = use.total - sum(filter(None, taken)) - sum(process.memory or 0 for process in foreign)
    free = max(0, min(use.free, promised) - floor)
    if need <= free:
        return None
    return f"memory of {name}: it needs {need / GIB:.1f} GiB, {free / GIB:.1f} are free"


def users(use: Use | None, residents: Sequence[Resident]) -> str:
    """What uses a GPU and is no worker, in a few words; empty where nothing is known to."""
    if use is None:
        return ""
    if use.processes is None:
        return "something that its driver does not name" if not residents and use.free < UNUSED * use.total else ""
    if not (foreign := strangers(use.processes, residents)):
        return ""
    more = f" and {len(foreign) - 1} more" if foreign[1:] else ""
    return f"process {foreign[0].pid}{more} of another program"


def strangers(processes: Sequence[GpuProcess], residents: Sequence[Resident]) -> list[GpuProcess]:
    """Processes that belong to none of the workers.

    In a container the driver may tell numbers that mean nothing in it. As many of those as there are workers that it does not
    show are taken for theirs.
    """
    sessions = {process.pid: _session(process.pid) for process in processes}
    ours = {resident.session for resident in residents}
    hidden = len(ours - {*sessions.values()})
    foreign = []
    for process in processes:
        session = sessions[process.pid]
        if session is None and hidden:
            hidden -= 1
        elif session not in ours:
            foreign.append(process)
    return foreign


def _session(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except OSError:
        return None
