"""Workers as processes of this machine, which outlive the supervisor that started them."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from engine.files.disk import is_locked, try_lock
from engine.files.home import Home
from engine.gpu_driver import Gpu, driver
from engine.launch.admission import Resident, refusal
from engine.launch.devices import ConfiguredSlots, Slot
from engine.launch.executor import Handle, Job, Peaks, Phase, Status
from engine.launch.processes import identify, is_alive
from engine.launch.warm_start import ForkedParent, ForkServer, wait_for_one
from engine.registry.records import Run

# Waits for the word "go", then runs the command and writes its exit code by rename: an adopted process cannot be waited for.
# It stays in the folder of the run, so that its record goes where that is, though another home may stand in its place by then.
# Signals go to the whole group; the shell must survive them but pass on no ignored ones, hence handlers that do nothing.
# A shell that cannot write stays silent: the log's last line is reported as the cause.
SHIM = """
record=$1; notices=$2; place=$3; shift 3
leave() {
    { printf '{"code": %s}\\n' "$1" >"$record.tmp" && mv "$record.tmp" "$record"; } 2>/dev/null
    { cd "$place" && AT_END </dev/null >>"$notices" 2>&1; } 2>/dev/null
}
trap : HUP INT QUIT TERM USR1 USR2
read -r go || { leave null; exit; }
(cd "$place" && exec "$@") </dev/null
code=$?
leave "$code"
exit "$code"
"""
FREE_DEVICE = "a free device"
DEFAULTS = {"PYTHONUNBUFFERED": "1", "PYTHONFAULTHANDLER": "1"}


@dataclass
class SlotReservation:
    """A slot whose lock this process holds; a worker inherits the hold, so that the kernel frees it at any end."""

    slot: Slot
    fd: int

    @property
    def label(self) -> str:
        return self.slot.label

    def release(self) -> None:
        os.close(self.fd)


class LocalExecutor:
    """One worker for each slot; a worker runs in its own session, under a shell that records its exit code."""

    name = "local"

    def __init__(
        self,
        home: Home,
        slots: Sequence[Slot] | None = None,
        at_end: Sequence[str] = ("true",),
        fork_server: ForkServer | None = None,
    ) -> None:
        """``slots`` are by default those of this machine, as the configuration has them at any time.

        ``at_end`` is a command that runs when a worker has ended, however it did, before its slot is free. Without a
        ``fork_server`` all workers are started cold.
        """
        self._home = home
        self._slots = ConfiguredSlots(home) if slots is None else lambda: slots
        self._at_end = at_end
        self._fork_server = fork_server
        self._children: dict[int, subprocess.Popen[bytes] | ForkedParent] = {}
        self._busy: set[str] = set()
        """Slots of workers that ran when they were polled last: a lock file that a user deletes frees no device."""

    def acquire(self, run: Run, peaks: Peaks, kept: Collection[str] = ()) -> SlotReservation | str:
        allowed = [slot for slot in self._slots() if slot.suits(run.placement.gpus)]
        if run.gpus and not allowed:
            return f"its GPUs ({run.gpus}), which runs may not have by now"
        waits_for, slots = [], [slot for slot in allowed if slot.gpu is None or slot.gpu.uuid not in kept]
        # Before any slot is locked here, which would look as if its last worker still held it.
        held = list(self.held().values()) if any(slot.gpu for slot in slots) else []
        for slot in slots:
            if slot.name in self._busy or (fd := try_lock(self._lock(slot.name))) is None:
                continue
            if slot.gpu is None or (why := _refusal(slot, slot.gpu, held, run, peaks)) is None:
                return SlotReservation(slot, fd)
            os.close(fd)
            waits_for.append(why)
        return "; ".join(dict.fromkeys(waits_for)) or FREE_DEVICE

    def submit(self, job: Job, reservation: SlotReservation, stored: Callable[[Handle], None]) -> None:
        job.log.parent.mkdir(parents=True, exist_ok=True)
        slot = reservation.slot
        # Not for the process above it: what that starts at the end has other devices than the worker.
        env = DEFAULTS | slot.defaults | os.environ | slot.env | {"SCALEARN_HOME": str(self._home.root)}
        os.ftruncate(reservation.fd, 0)
        with job.log.open("ab") as log:
            begin = log.tell()
            child = self._fork(job, env, reservation.fd, log) or self._spawn(job, env, reservation.fd, log)
        self._children[child.pid] = child
        assert child.stdin is not None
        with child.stdin as go:
            details = {"run_id": job.run_id, "attempt": job.attempt, "record": str(job.exit_record), "log_begin": begin}
            handle = {**identify(child.pid), "slot": slot.name, "gpu": slot.gpu and slot.gpu.uuid, **details}
            os.pwrite(reservation.fd, json.dumps(handle).encode(), 0)
            stored(handle)
            go.write(b"go\n")

    def _fork(self, job: Job, env: dict[str, str], slot: int, log: IO[bytes]) -> ForkedParent | None:
        """The parent of a warm worker; None where that must be started cold."""
        if self._fork_server is None:
            return None
        document = {
            "argv": job.argv,
            "env": env,
            "place": os.getcwd(),
            "folder": str(job.exit_record.parent),
            "record": job.exit_record.name,
            "at_end": self._at_end,
            "at_end_env": dict(os.environ),
        }
        return self._fork_server.fork(document, slot, log.fileno())

    def _spawn(self, job: Job, env: dict[str, str], slot: int, log: IO[bytes]) -> subprocess.Popen[bytes]:
        changes = [f"{name}={value}" for name, value in env.items() if os.environ.get(name) != value]
        return subprocess.Popen(
            ["/bin/sh", "-c", SHIM.replace("AT_END", shlex.join(self._at_end)), "sh", job.exit_record.name,
             str(self._home.supervisor_log), os.getcwd(), "env", *changes, *job.argv],
            cwd=job.exit_record.parent,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=(slot,),
        )  # fmt: skip

    def poll(self, handles: Mapping[str, Handle]) -> dict[str, Status]:
        statuses = {key: self._status(handle) for key, handle in handles.items()}
        self._busy = {handles[key]["slot"] for key, status in statuses.items() if status.phase is Phase.RUNNING}
        # A worker that recorded its end itself is no longer polled; unless it is waited for here it stays as a zombie.
        polled = {handle["pid"] for handle in handles.values()}
        self._children = {pid: child for pid, child in self._children.items() if pid in polled or child.poll() is None}
        if self._fork_server is not None:
            self._fork_server.look_after(busy=bool(self._busy))
        return statuses

    def wait(self, seconds: float) -> None:
        wait_for_one([child for child in self._children.values() if isinstance(child, ForkedParent)], seconds)

    def _status(self, handle: Handle) -> Status:
        alive = is_alive(handle)
        code = self._reap(handle["pid"])
        # Read after the process was checked: a record that does not exist now will never be written.
        record = _read(Path(handle["record"]))
        if record is None:
            if alive or self._holds(handle):
                return Status(Phase.RUNNING)
            return Status(Phase.VANISHED) if code is None else Status(Phase.ENDED, code)
        return Status(Phase.UNSTARTED) if record["code"] is None else Status(Phase.ENDED, record["code"])

    def held(self) -> dict[tuple[str, int], Handle]:
        # Of slots too that the configuration no longer has.
        handles = [handle for path in sorted(self._home.slots.glob("*.lock")) if (handle := _read(path))]
        return {(handle["run_id"], handle["attempt"]): handle for handle in handles if self._holds(handle)}

    def cancel(self, handle: Handle, force: bool = False) -> None:
        if is_alive(handle) or self._holds(handle):
            _signal_group(handle["pid"], signal.SIGKILL if force else signal.SIGTERM)

    def clean(self, handle: Handle) -> None:
        # As long as a member holds the slot the group exists, so its number is not reused yet.
        if self._holds(handle):
            _signal_group(handle["pid"], signal.SIGKILL)

    def _lock(self, slot: str) -> Path:
        return self._home.slots / f"{slot}.lock"

    def _holds(self, handle: Handle) -> bool:
        """Whether a process of that attempt still holds its slot, even if the shell above it has ended."""
        path = self._lock(handle["slot"])
        return _read(path) == handle and is_locked(path)

    def _reap(self, pid: int) -> int | None:
        """The exit code of a child of this process that has ended, as a shell reports it; None if it runs or is no child."""
        child = self._children.get(pid)
        if child is None or (code := child.poll()) is None:
            return None
        return code if code >= 0 else 128 - code


def _refusal(slot: Slot, gpu: Gpu, held: Sequence[Handle], run: Run, peaks: Peaks) -> str | None:
    """What a run waits for before it may start in a free slot of a GPU; None if it may."""
    residents = [Resident(handle["run_id"], handle["pid"]) for handle in held if handle.get("gpu") == gpu.uuid]
    known = peaks([run.id, *(resident.run_id for resident in residents)]) if residents else {}
    claimed = slot.claimed or bool(run.gpus)
    return refusal(gpu.short, driver().use(gpu.uuid), residents, run.id, known, slot.floor, claimed)


def _read(path: Path) -> dict[str, Any] | None:
    """A JSON object; None if the file is missing, or incomplete because the machine went down during the write."""
    try:
        content = json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError):
        return None
    return content if isinstance(content, dict) else None


def _signal_group(pid: int, kind: signal.Signals) -> None:
    try:
        os.killpg(pid, kind)
        # A suspended process would not see the signal.
        os.killpg(pid, signal.SIGCONT)
    except ProcessLookupError:
        return
