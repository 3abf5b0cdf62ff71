"""Workers as processes of this machine, which outlive whoever started them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.launch.devices import Slot
from engine.launch.executor import Handle, Job, Phase, Status
from engine.launch.processes import identify, is_alive
from engine.registry.home import Home
from engine.registry.locks import try_lock

# Waits for the word to go, then runs the command and leaves its exit code by rename: an adopted process cannot be waited for.
# Signals go to the whole group; the shell must survive them but hand down no ignored ones, hence handlers that do nothing.
SHIM = """
record=$1; shift
leave() { printf '{"code": %s}\\n' "$1" >"$record.tmp" && mv "$record.tmp" "$record"; }
trap : HUP INT QUIT TERM USR1 USR2
read -r go || { leave null; exit; }
"$@" </dev/null
code=$?
leave "$code"
exit "$code"
"""
DEFAULTS = {"PYTHONUNBUFFERED": "1", "PYTHONFAULTHANDLER": "1"}


@dataclass
class LocalPlace:
    """A slot whose lock this process holds; a worker inherits the hold, so that the kernel frees it however it ends."""

    slot: Slot
    fd: int

    @property
    def label(self) -> str:
        return self.slot.label

    def release(self) -> None:
        os.close(self.fd)


class LocalExecutor:
    """One worker for each slot; a worker is a session of its own below a shell that records its exit code."""

    name = "local"

    def __init__(self, home: Home, slots: Sequence[Slot]) -> None:
        self._home = home
        self._slots = slots
        self._children: dict[int, subprocess.Popen[bytes]] = {}

    def acquire(self) -> LocalPlace | None:
        for slot in self._slots:
            if (fd := try_lock(self._lock(slot.name))) is not None:
                return LocalPlace(slot, fd)
        return None

    def submit(self, job: Job, place: LocalPlace, stored: Callable[[Handle], None]) -> None:
        job.log.parent.mkdir(parents=True, exist_ok=True)
        slot = place.slot
        env = DEFAULTS | slot.defaults | os.environ | slot.env | {"SCALEARN_HOME": str(self._home.root)}
        _write(place.fd, _tag(job.run_id, job.attempt))
        with job.log.open("ab") as log:
            begin = log.tell()
            child = subprocess.Popen(
                ["/bin/sh", "-c", SHIM, "sh", str(job.exit_record), *job.argv],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=env,
                start_new_session=True,
                pass_fds=(place.fd,),
            )
        self._children[child.pid] = child
        assert child.stdin is not None
        with child.stdin as go:
            where = {
                "slot": slot.name,
                "tag": _tag(job.run_id, job.attempt),
                "record": str(job.exit_record),
                "log_begin": begin,
            }
            stored(identify(child.pid) | where)
            go.write(b"go\n")

    def poll(self, handles: Mapping[str, Handle]) -> dict[str, Status]:
        return {key: self._status(handle) for key, handle in handles.items()}

    def _status(self, handle: Handle) -> Status:
        alive = is_alive(handle)
        code = self._reap(handle["pid"])
        # Read after the look at the process: a record that is not there now will not come.
        try:
            recorded = json.loads(Path(handle["record"]).read_bytes())["code"]
        except FileNotFoundError:
            if alive or self._holds(handle):
                return Status(Phase.RUNNING)
            return Status(Phase.VANISHED, code)
        return Status(Phase.UNSTARTED) if recorded is None else Status(Phase.ENDED, recorded)

    def cancel(self, handle: Handle, force: bool = False) -> None:
        if is_alive(handle) or self._holds(handle):
            _signal_group(handle["pid"], signal.SIGKILL if force else signal.SIGTERM)

    def clean(self, handle: Handle) -> None:
        self._children.pop(handle["pid"], None)
        # As long as a member holds the slot the group exists, so its number is not yet another's.
        if self._holds(handle):
            _signal_group(handle["pid"], signal.SIGKILL)

    def _lock(self, slot: str) -> Path:
        return self._home.slots / f"{slot}.lock"

    def _holds(self, handle: Handle) -> bool:
        """Whether a process of that attempt still holds its slot, be the shell above it gone."""
        path = self._lock(handle["slot"])
        if not path.exists() or path.read_text().strip() != handle["tag"]:
            return False
        fd = try_lock(path)
        if fd is None:
            return True
        os.close(fd)
        return False

    def _reap(self, pid: int) -> int | None:
        """The exit code of a child of this process that has ended, as a shell tells it."""
        child = self._children.get(pid)
        if child is None or (code := child.poll()) is None:
            return None
        return code if code >= 0 else 128 - code


def _tag(run_id: str, attempt: int) -> str:
    return f"{run_id} {attempt}"


def _write(fd: int, text: str) -> None:
    os.ftruncate(fd, 0)
    os.pwrite(fd, f"{text}\n".encode(), 0)


def _signal_group(pid: int, kind: signal.Signals) -> None:
    try:
        os.killpg(pid, kind)
        # A suspended process would not see the signal.
        os.killpg(pid, signal.SIGCONT)
    except ProcessLookupError:
        return
