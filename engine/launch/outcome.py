"""How a worker's end is reported: a state and one line, from its exit code and its log."""

from __future__ import annotations

import signal
from pathlib import Path

from engine.launch.executor import Phase, Status
from engine.registry.records import Run, RunState
from engine.worker_exit import WorkerExit

TAIL_BYTES = 65_536
LONGEST_CAUSE = 300
BY_SIGNAL = 128
KILLED = BY_SIGNAL + signal.SIGKILL
POLITE = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def outcome(status: Status, run: Run, log: Path) -> tuple[RunState, str]:
    """State and cause of a run whose worker has ended without recording them itself."""
    code = status.code
    if code == KILLED or status.phase is Phase.VANISHED:
        return _killed(code, run)
    if code == WorkerExit.STOPPED:
        return RunState.STOPPED, "stopped on request" if run.stop_requested else "stopped by a signal, after saving"
    if code == WorkerExit.FENCED:
        return RunState.LOST, "the worker was fenced: another process had ended its attempt"
    if code == WorkerExit.COMPLETED:
        return RunState.FAILED, "the worker ended without storing a result"
    if code is not None and code > BY_SIGNAL:
        return _signalled(code - BY_SIGNAL, run)
    begin = int((run.handle or {}).get("log_begin", 0))
    return RunState.FAILED, last_line(log, begin) or f"the worker ended with code {code}"


def last_line(log: Path, begin: int = 0) -> str | None:
    """The last non-blank line after byte ``begin``, shortened; reads only the end of the file."""
    if not log.exists():
        return None
    with log.open("rb") as file:
        file.seek(max(begin, log.stat().st_size - TAIL_BYTES))
        lines = file.read().decode(errors="replace").strip().splitlines()
    return lines[-1].strip()[:LONGEST_CAUSE] if lines else None


def _killed(code: int | None, run: Run) -> tuple[RunState, str]:
    if run.stop_requested:
        return RunState.STOPPED, "killed, because it did not stop when asked to"
    if code == KILLED:
        return RunState.LOST, "killed by signal 9 (by the system's memory killer or by hand)"
    return RunState.LOST, "vanished without an exit record: killed by signal 9, or the machine went down"


def _signalled(number: int, run: Run) -> tuple[RunState, str]:
    name = signal.Signals(number).name if number in set(signal.Signals) else "unknown"
    if number in POLITE:
        asked = "on request" if run.stop_requested else f"by signal {number} ({name})"
        return RunState.STOPPED, f"stopped {asked}, before it could save"
    return RunState.FAILED, f"crashed with signal {number} ({name})"
