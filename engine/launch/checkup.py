"""Where processes, clocks and locks disagree with the registry: sentences for ``scalearn doctor``, each with what to do."""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import closing
from datetime import datetime
from pathlib import Path
from tempfile import NamedTemporaryFile
from urllib.parse import quote

from engine.files.home import Home
from engine.launch.executor import Phase
from engine.launch.local import LocalExecutor
from engine.launch.supervision import CODE, is_supervised
from engine.registry.reading import Reader
from engine.registry.records import LIVE, utc_now

SKEW = 60.0
"""Seconds that a time of the registry may lie ahead of this machine's clock."""
FILE_SKEW = 2.0
"""The same of the time that a file system gives a new file."""
LOCK_WAIT = 1.0


def orphans(reader: Reader) -> list[str]:
    """Processes that hold a slot though the registry does not count on them: the next run has to wait for them."""
    # Before the runs: one that is started meanwhile is none.
    all_held = LocalExecutor(reader.home, slots=()).held()
    live = {(run.id, run.attempt) for run in reader.runs(states=LIVE)}
    held = {key: handle for key, handle in all_held.items() if key not in live}
    states = reader.states([run_id for run_id, _ in held])
    found = []
    for (run_id, _), handle in held.items():
        state = f"is {states[run_id]}" if run_id in states else "was deleted"
        holder = f"process group {handle['pid']} holds the slot {handle['slot']}, but run {run_id} {state}"
        found.append(f"{holder}; if it does not end by itself: kill -9 -{handle['pid']}")
    return found


def vanished(reader: Reader) -> list[str]:
    """Runs that the registry counts as live without a process; a supervisor at work finds and records these itself."""
    if is_supervised(reader.home):
        return []
    live = {run.id: run for run in reader.runs(states=LIVE)}
    statuses = LocalExecutor(reader.home, slots=()).poll({run.id: run.handle for run in live.values() if run.handle})
    gone = [run for run in live.values() if run.id not in statuses or statuses[run.id].phase is not Phase.RUNNING]
    if not gone:
        return []
    which = ", ".join(f"{run.id} ({run.state})" for run in gone[:5]) + (" and more" if len(gone) > 5 else "")
    return [f"no process works on {which}; `scalearn ls` starts the supervisor, which records how they ended"]


def outdated(home: Home) -> list[str]:
    """A supervisor that was started before the program was changed last: it does what the program did then."""
    begun = supervisor_of(home)
    if begun is None:
        return []
    pid, since = begun
    changed = max(path.stat().st_mtime for path in (CODE / "engine").rglob("*.py"))
    if changed <= since:
        return []
    return [
        f"the supervisor, process {pid}, runs the program as it was before {datetime.fromtimestamp(changed):%Y-%m-%d %H:%M}; "
        f"kill -9 {pid} and `scalearn ls` replace it, runs under way go on"
    ]


def supervisor_of(home: Home) -> tuple[int, float] | None:
    """Process number and start, as a Unix time, of the supervisor at work; None without one."""
    if not is_supervised(home):
        return None
    try:
        facts = json.loads(home.supervisor_lock.read_bytes())
        return int(facts["pid"]), float(facts["since"])
    except (OSError, ValueError, KeyError, TypeError):
        # It was locked this instant, or by another program.
        return None


def clocks(reader: Reader) -> list[str]:
    """Clocks that differ: durations and the order of runs would mislead."""
    found = []
    newest = reader.newest_time()
    if newest and (ahead := (newest - utc_now()).total_seconds()) > SKEW:
        found.append(
            f"the registry has a time {ahead:,.0f} s ahead of this machine's clock; a machine's clock is or was wrong: "
            "compare `date -u` on all that use this home"
        )
    with NamedTemporaryFile(dir=reader.home.root) as file:
        difference = Path(file.name).stat().st_mtime - time.time()
    if abs(difference) > FILE_SKEW:
        direction = "ahead of" if difference > 0 else "behind"
        files = f"the file system of {reader.home.root} is {abs(difference):,.0f} s {direction} this machine's clock"
        found.append(f"{files}; let both follow a time server")
    return found


def held_locks(home: Home) -> list[str]:
    """A program that keeps the registry locked, so that nothing can be written."""
    if not home.database.exists():
        return []
    try:
        with closing(sqlite3.connect(f"file:{quote(str(home.database))}?mode=rw", uri=True, timeout=LOCK_WAIT)) as database:
            database.isolation_level = None
            database.execute("BEGIN IMMEDIATE")
            database.execute("ROLLBACK")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
            # Damage, or a disk that cannot be written, is another check's.
            return []
        return [f"the registry has been locked for {LOCK_WAIT:g} s by {_users(home.database)}; end the one that hangs"]
    return []


def _users(database: Path) -> str:
    """The processes of this user that have the file open."""
    import psutil

    names = []
    for process in psutil.process_iter():
        try:
            if any(file.path == str(database.resolve()) for file in process.open_files()):
                names.append(f"{process.pid} ({process.name()})")
        except psutil.Error:
            # It has ended, or belongs to another user.
            continue
    return f"one of the processes {', '.join(names)}" if names else "a process of another user or machine"
