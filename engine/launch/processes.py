"""Whether a process that was started earlier, possibly by another process, still runs."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def identify(pid: int) -> dict[str, Any]:
    """What distinguishes ``pid`` from a later process with the same number: its start and the machine's boot.

    Raises ProcessLookupError if there is no such process.
    """
    process = _state_and_start(pid)
    if process is None:
        raise ProcessLookupError(pid)
    _, start = process
    return {"pid": pid, "start": start, "boot": boot()}


def is_alive(identity: Mapping[str, Any]) -> bool:
    """Whether the process that ``identify`` described still runs; a zombie does not."""
    if identity["boot"] != boot():
        return False
    process = _state_and_start(identity["pid"])
    if process is None:
        return False
    state, start = process
    return start == identity["start"] and state not in ("Z", "X")


@cache
def boot() -> str:
    """Identifies the boot of the machine: differs after every restart."""
    if sys.platform == "linux":
        return BOOT_ID.read_text().strip()
    import psutil

    return str(int(psutil.boot_time()))


def _state_and_start(pid: int) -> tuple[str, float] | None:
    if sys.platform != "linux":
        return _by_psutil(pid)
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The command's name stands in brackets and may itself hold spaces and brackets.
    fields = text.rpartition(")")[2].split()
    return fields[0], int(fields[19])


def _by_psutil(pid: int) -> tuple[str, float] | None:
    import psutil

    try:
        process = psutil.Process(pid)
        return ("Z" if process.status() == psutil.STATUS_ZOMBIE else "R"), process.create_time()
    except psutil.NoSuchProcess:
        return None
