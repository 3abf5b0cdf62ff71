"""``python -m tests.long.storm HOME QUIET BACKBONE SEED``: the same runs where everything goes wrong, and in a quiet home.

Prints what it does to the first home, and as its last line a summary as JSON.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import psutil

from engine.files.home import Home
from engine.registry.opening import open_reader
from engine.registry.reading import Reader
from engine.registry.records import ACTIVE, Run, RunState

KILLS = 40
LONGEST = 1500.0
"""Seconds after which the storm has failed."""
LIMITS = ["--limit", "train=192", "--limit", "dev=64", "--limit", "test=64"]
COMMON = ["--epochs", "40", *LIMITS, "--set", "patience=100", "--detach"]
REQUESTS = [
    ["-m", "adapter", "-t", "toy/question", "-t", "toy/sentiment", "-t", "toy/topics", "--seed", "0,1,2,3"],
    ["-m", "scalearn++", "-m", "adapterfusion", "-t", "toy/question", "--sources", "sentiment,topics", "--seed", "0,1,2"],
    ["-m", "adapter-m", "-t", "toy/question", "-t", "toy/sentiment", "--seed", "0,1"],
]


def scalearn(home: Home, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"SCALEARN_HOME": str(home.root), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "scalearn_tui", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=300)


class Storm:
    """Faults of one home, at random times."""

    def __init__(self, home: Home, seed: int) -> None:
        self.home = home
        self.random = random.Random(seed)
        self.reader: Reader = open_reader(home)
        self.began = time.monotonic()
        self.counts: Counter[str] = Counter()
        self.causes: Counter[str] = Counter()

    @property
    def kills(self) -> int:
        return sum(number for name, number in self.counts.items() if name.startswith("kill"))

    def blow(self) -> None:
        acts: list[tuple[Callable[[], bool], int]] = [
            (self.kill_worker, 10), (self.kill_supervisor, 4), (self.kill_both, 3), (self.kill_group, 3), (self.suspend, 2),
            (self.lock, 3), (self.fill_disk, 2), (self.stop, 2),
        ]  # fmt: skip
        act = self.random.choices([act for act, _ in acts], [weight for _, weight in acts])[0]
        name = act.__name__
        if act():
            self.counts[name] += 1
            print(f"{time.monotonic() - self.began:6.1f} s  {name}", flush=True)

    def care(self) -> None:
        """What a user does who looks now and then."""
        for run in self.reader.runs(states=(RunState.LOST, RunState.FAILED, RunState.STOPPED)):
            self.causes[f"{run.state}: {(run.cause or '')[:60]}"] += 1
            if run.state == RunState.FAILED and "source" not in (run.cause or ""):
                print(*self.home.log(run.id).read_text(errors="replace").splitlines()[-25:], sep="\n", flush=True)
            scalearn(self.home, "resume", run.id)
        scalearn(self.home, "ls")

    def workers(self) -> list[psutil.Process]:
        runs = self.reader.runs(states=(RunState.RUNNING, RunState.STARTING))
        return [process for run in runs if (process := _worker(run))]

    def supervisors(self) -> list[psutil.Process]:
        return [process for process in processes(self.home) if "engine.launch.supervisor" in process.cmdline()]

    def kill_worker(self) -> bool:
        return _send(self.workers(), signal.SIGKILL)

    def kill_supervisor(self) -> bool:
        return _send(self.supervisors(), signal.SIGKILL)

    def kill_both(self) -> bool:
        return _send([*self.supervisors(), *self.workers()], signal.SIGKILL)

    def kill_group(self) -> bool:
        """A worker with the shell around it, as when a job of a cluster or a terminal is ended."""
        shells = [parent for worker in self.workers() if (parent := worker.parent()) and parent.pid > 1]
        return _send([*shells, *self.workers()], signal.SIGKILL)

    def suspend(self) -> bool:
        workers = self.workers()
        if not _send(workers, signal.SIGSTOP):
            return False
        time.sleep(3)
        return _send(workers, signal.SIGCONT)

    def lock(self) -> bool:
        with closing(sqlite3.connect(self.home.database, timeout=20, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            time.sleep(self.random.uniform(3, 8))
            other.execute("COMMIT")
        return True

    def fill_disk(self) -> bool:
        filling = self.home.root / "filling"
        if psutil.disk_usage(str(self.home.root)).total > 1 << 30:
            # Not a file system of our own.
            return False
        with suppress(OSError), filling.open("wb", buffering=0) as file:
            while file.write(b"\0" * (1 << 16)):
                pass
        time.sleep(self.random.uniform(2, 6))
        filling.unlink()
        return True

    def stop(self) -> bool:
        active = self.reader.runs(states=ACTIVE)
        return bool(active) and scalearn(self.home, "stop", self.random.choice(active).id).returncode == 0


def processes(home: Home) -> Iterator[psutil.Process]:
    """Those that have the home in their command line."""
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if str(home.root) in process.cmdline() and process.pid != os.getpid():
                yield process


def _worker(run: Run) -> psutil.Process | None:
    with suppress(psutil.Error, KeyError, TypeError):
        process = psutil.Process(run.handle["pid"])
        inner = [child for child in process.children() if "engine.training.worker" in child.cmdline()]
        return inner[0] if inner else process if "engine.training.worker" in process.cmdline() else None
    return None


def _send(targets: list[psutil.Process], kind: signal.Signals) -> bool:
    reached = False
    for process in targets:
        with suppress(psutil.Error):
            process.send_signal(kind)
            reached = True
    return reached


def facts(home: Home) -> dict[str, object]:
    """What both homes must agree on: all points and results, by run."""
    reader = open_reader(home)
    runs = sorted(run.id for run in reader.runs())
    points = {run: {f"{point.name} {point.step}": point.value for point in reader.metrics(run)} for run in runs}
    return {"points": points, "results": reader.results(runs), "states": {run.id: str(run.state) for run in reader.runs()}}


def _has_answers(home: Home, run_id: str) -> bool:
    task = open_reader(home).find(run_id).tasks[0]
    answered = scalearn(home, "predict", run_id, "--split", "test", "--task", task)
    return answered.returncode == 0 and len(answered.stdout.splitlines()) == 64


def until_completed(storms: list[tuple[Home, Storm | None]]) -> None:
    began = time.monotonic()
    while True:
        open_runs = [home for home, _ in storms if any(run.state != RunState.COMPLETED for run in open_reader(home).runs())]
        if not open_runs:
            return
        assert time.monotonic() - began < LONGEST, "took too long"
        for _, storm in storms:
            if storm and storm.home in open_runs:
                time.sleep(storm.random.uniform(0.2, 2))
                if storm.kills < KILLS:
                    storm.blow()
                storm.care()
        time.sleep(1)


def main() -> None:
    home, quiet = Home(Path(sys.argv[1])), Home(Path(sys.argv[2]))
    backbone, seed = sys.argv[3], int(sys.argv[4])
    for place in (home, quiet):
        for request in REQUESTS:
            asked = scalearn(place, "run", *request, "--backbone", backbone, *COMMON)
            assert asked.returncode == 0, asked.stderr
    storm = Storm(home, seed)
    until_completed([(home, storm), (quiet, None)])
    ours, theirs = facts(home), facts(quiet)
    with closing(sqlite3.connect(home.database)) as database:
        checks = [*database.execute("PRAGMA integrity_check"), *database.execute("PRAGMA foreign_key_check")]
        starts = dict(database.execute("SELECT run_id, count(*) FROM event WHERE text = 'completed' GROUP BY run_id"))
    time.sleep(25)
    summary = {
        "runs": len(ours["states"]),  # type: ignore[arg-type]
        "kills": storm.kills,
        "faults": dict(storm.counts),
        "causes": dict(storm.causes),
        "points": sum(map(len, theirs["points"].values())),  # type: ignore[attr-defined]
        "points differ": [run for run in theirs["points"] if ours["points"].get(run) != theirs["points"][run]],  # type: ignore[attr-defined, index]
        "results differ": [run for run in theirs["results"] if ours["results"].get(run) != theirs["results"][run]],  # type: ignore[attr-defined, index]
        "completed more than once": [run for run, number in starts.items() if number != 1],
        "states": sorted(set(ours["states"].values())),  # type: ignore[attr-defined]
        "checks": checks,
        "left": [" ".join(process.cmdline())[:200] for process in processes(home)],
        "without answers": [run for run in ours["results"] if not _has_answers(home, run)],  # type: ignore[attr-defined]
        "leaderboard": scalearn(home, "leaderboard", "--benchmark", "toy").returncode,
        "surplus": json.loads(scalearn(home, "gc", "--dry-run", "--json").stdout)["freed"],
        "minutes": round((time.monotonic() - storm.began) / 60, 1),
    }
    print(json.dumps(summary))


if __name__ == "__main__":
    main()
