"""A storm over a home: kills, stops, a locked registry and a full disk at random times, until every run is completed.

``python -m tests.long.storm PACE SEED``, with runs queued in ``$SCALEARN_HOME``; PACE is about the seconds that one run takes.
Each act is printed with its time, and at the end how many there were of each kind.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil

from engine.files.home import Home
from engine.registry.opening import open_reader
from engine.registry.records import Run, RunState

SCALEARN = (sys.executable, "-m", "scalearn_tui")
FEWEST_KILLS = 40
MOST_ACTS = 80
"""On a slow machine runs are killed faster than they start, and without an end to it none would ever be completed."""
SHORTEST_PACE = 3.5
"""Seconds; where runs are shorter, they would be killed before they have loaded what they train."""
LEAST_SECONDS = 1200.0
"""That a storm may take with what follows it, on any machine."""
FORK_SERVER = "engine.launch.fork_server"
HOLD = """
import sqlite3, sys, time
registry = sqlite3.connect(sys.argv[1], timeout=60, isolation_level=None)
registry.execute("BEGIN IMMEDIATE"); time.sleep(float(sys.argv[2])); registry.execute("COMMIT")
"""
FILL = 'cat /dev/zero > "$0" 2>/dev/null; sleep "$1"; rm "$0"'
SUSPEND = 'kill -STOP "$0"; sleep "$1"; kill -CONT "$0"'


def longest(pace: float) -> float:
    """Seconds that a storm may take with what follows it: of a machine on which runs take long, more."""
    return max(LEAST_SECONDS, 200 * pace)


class Storm:
    """What befalls the runs of a home, and the user who resumes them."""

    def __init__(self, home: Home, pace: float, seed: str, most_acts: int = MOST_ACTS) -> None:
        self.home, self.pace, self.most_acts = home, pace, most_acts
        self.reader = open_reader(home)
        self.random = random.Random(seed)
        self.began = time.monotonic()
        self.counts: Counter[str] = Counter()
        self.causes: Counter[str] = Counter()
        self.passing: list[subprocess.Popen[bytes]] = []
        self.resting: dict[str, float] = {}
        """Runs that were stopped, and when they are resumed."""

    def rage(self) -> None:
        """Act until every run is completed or enough was done, and let runs and supervisor end.

        Raises AssertionError when that takes too long.
        """
        deck = self._deck()
        while self._unfinished():
            self._tend(self.random.uniform(0.05, 0.7) * self.pace)
            while self._unfinished() and self.counts.total() < self.most_acts and not next(deck)():
                self._tend(0.2)
        for trouble in self.passing:
            trouble.wait()
        while processes(self.home):
            self._check_time()
            time.sleep(0.5)

    def _deck(self) -> Iterator[Callable[[], bool]]:
        """Acts in random order, each of which returns whether it happened."""
        acts = self.acts()
        while True:
            self.random.shuffle(acts)
            yield from acts

    def acts(self) -> list[Callable[[], bool]]:
        """What may happen, as often as it stands here."""
        return [*self.kills(), self.suspend, self.lock, self.stop, *([self.fill] if self.home.root.is_mount() else [])]

    def kills(self) -> list[Callable[[], bool]]:
        return [self.kill_worker] * 3 + [self.kill_supervisor, self.kill_fork_server, self.kill_both, self.kill_group] * 2

    def kill_worker(self) -> bool:
        return self._kill("worker", [self._worker()])

    def kill_supervisor(self) -> bool:
        return self._kill("supervisor", [self._supervisor()])

    def kill_fork_server(self) -> bool:
        """What workers are forked from; without it the next one is started cold, or from another."""
        below = children(self._supervisor())
        return self._kill("fork server", [next((pid for pid in below if pid in processes(self.home, FORK_SERVER)), None)])

    def kill_both(self) -> bool:
        return self._kill("both", [self._supervisor(), self._worker()])

    def kill_group(self) -> bool:
        """The worker and the process above it, which would record its end."""
        worker = self._worker()
        # It may have ended this instant.
        with suppress(ProcessLookupError):
            return self._kill("group", [worker and -os.getpgid(worker)])
        return False

    def suspend(self) -> bool:
        return self._pass_over("suspended", 3.0, "/bin/sh", "-c", SUSPEND, self._worker())

    def lock(self) -> bool:
        return self._pass_over("lock", self.random.uniform(3, 8), sys.executable, "-c", HOLD, self.home.database)

    def fill(self) -> bool:
        return self._pass_over("full disk", self.random.uniform(2, 5), "/bin/sh", "-c", FILL, self.home.root / "filling")

    def stop(self) -> bool:
        active = [run.id for run in self._unfinished() if run.state.active]
        if not active:
            return False
        run_id = self.random.choice(active)
        self.resting[run_id] = time.monotonic() + self.random.uniform(1, 4)
        return self._act("stop", run_id) and self.scalearn("stop", run_id)

    def _kill(self, kind: str, pids: list[int | None]) -> bool:
        """Kill processes, or groups of them by the negative of their number."""
        if None in pids:
            return False
        self._act(f"kill {kind}", f"{pids} {', '.join(f'{run.id} {run.state} {run.step}' for run in self._live())}")
        for pid in pids:
            # It may have ended this instant.
            with suppress(ProcessLookupError):
                os.kill(pid or 0, signal.SIGKILL)
        return True

    def _pass_over(self, kind: str, seconds: float, *command: object) -> bool:
        """A trouble that passes by itself while other things happen."""
        if None in command:
            return False
        self.passing.append(subprocess.Popen([*map(str, command), str(seconds)]))
        return self._act(kind, f"{seconds:.1f} s")

    def _act(self, kind: str, details: str) -> bool:
        self.counts[kind] += 1
        print(f"{time.monotonic() - self.began:6.1f}  {kind}  {details}", flush=True)
        return True

    def _tend(self, seconds: float) -> None:
        """What a user does for a while: looks where nothing goes on, and resumes what has ended."""
        until = time.monotonic() + seconds
        while self._unfinished() and time.monotonic() < until:
            self._check_time()
            if not processes(self.home):
                self.scalearn("ls")
            over = [run for run in self._unfinished() if run.state.over and self.resting.get(run.id, 0) < time.monotonic()]
            if over and self.scalearn("resume", *(run.id for run in over)):
                self.causes.update(f"{run.state}: {run.cause}".replace(run.id, "RUN") for run in over)
            time.sleep(0.2)

    def scalearn(self, *arguments: str) -> bool:
        """Whether the command succeeded; raises AssertionError where it did not end as commands do."""
        done = subprocess.run([*SCALEARN, *arguments], capture_output=True, text=True)
        assert "Traceback" not in done.stderr and done.returncode in (0, 1, 3), (arguments, done)
        if done.returncode:
            print(f"{'':6}  scalearn {' '.join(arguments)}: {done.stderr.strip()}", flush=True)
        return done.returncode == 0

    def _unfinished(self) -> list[Run]:
        return [run for run in self.reader.runs() if run.state is not RunState.COMPLETED]

    def _live(self) -> list[Run]:
        return [run for run in self._unfinished() if run.state.live]

    def _worker(self) -> int | None:
        """The number of a process that trains, or is about to: one below a process that its run is known by."""
        return next((worker for run in self._live() if run.handle for worker in children(run.handle["pid"])), None)

    def _supervisor(self) -> int | None:
        return next(iter(processes(self.home, "engine.launch.supervisor")), None)

    def _check_time(self) -> None:
        assert time.monotonic() - self.began < longest(self.pace), [*map(vars, self._unfinished()), *processes(self.home)]


def processes(home: Home, module: str = "") -> list[int]:
    """The numbers of Python processes that work on a home, all or those of one module."""
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        words = process.info["cmdline"] or []
        is_ours = words[1:2] == ["-m"] and str(home.root) in words and process.info["status"] != psutil.STATUS_ZOMBIE
        if is_ours and (not module or module in words):
            found.append(process.pid)
    return found


def children(number: int | None) -> list[int]:
    """The processes below one that may have ended."""
    try:
        return [child.pid for child in psutil.Process(number).children()] if number else []
    except psutil.NoSuchProcess:
        return []


def main() -> None:
    pace, seed = float(sys.argv[1]), sys.argv[2]
    storm = Storm(Home(Path(os.environ["SCALEARN_HOME"])), max(pace, SHORTEST_PACE), seed)
    storm.rage()
    for count, cause in sorted((count, cause) for cause, count in storm.causes.items()):
        print(f"{count:6}  {cause}")
    print(f"{len(storm.reader.runs())} runs;", ", ".join(f"{kind} {count}" for kind, count in sorted(storm.counts.items())))
    kills = sum(count for kind, count in storm.counts.items() if kind.startswith("kill "))
    print(f"{kills} kills in {(time.monotonic() - storm.began) / 60:.1f} minutes", flush=True)
    assert kills >= FEWEST_KILLS


if __name__ == "__main__":
    main()
