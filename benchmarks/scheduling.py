"""What the supervisor costs in a home of thousands of runs: the time of a decision, and what it takes while nothing happens.

    OMP_NUM_THREADS=1 python benchmarks/scheduling.py [--runs 10000] [--queued 1000] [--rounds 50]

The home has completed runs with ten points each, and queued two-stage runs that share eight sources each, which are queued too.
A decision is a round of the supervisor after a change of some run, with no slot free, and with one that a run is chosen for.
"""

from __future__ import annotations

import argparse
import itertools
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
from large_home import fill, runs

from engine.files.home import Home
from engine.launch.local import LocalExecutor
from engine.launch.queue import pause
from engine.launch.supervisor import Supervisor
from engine.registry.records import RunState, Source
from engine.registry.store import Store, open_store

CODE = Path(__file__).parents[1]
POINTS, SOURCES, GROUP = 10, 8, 50
IDLE_SECONDS = 20


def add_points(home: Home) -> None:
    """Ten points for each run."""
    with closing(sqlite3.connect(home.database)) as connection, connection:
        steps = f"WITH RECURSIVE points(number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM points WHERE number < {POINTS})"
        columns = "(run_id, name, step, value, epoch, attempt)"
        connection.execute(
            f"{steps} INSERT INTO metric {columns} SELECT id, 'train/loss', number, 0.5, number, 1 FROM run, points"
        )


def add_queue(store: Store, completed: int, count: int) -> None:
    """Queued runs in groups that wait for eight sources each."""
    new = itertools.islice(runs(), completed, completed + count)
    while rows := [replace(run, state=RunState.QUEUED) for run in itertools.islice(new, GROUP)]:
        sources, targets = rows[:SOURCES], rows[SOURCES:]
        edges = [Source(run.id, place, source.id, source.target) for run in targets for place, source in enumerate(sources)]
        store.add(rows, edges)


def milliseconds(decide: Callable[[], object], change: Callable[[int], object], rounds: int) -> str:
    times = []
    for number in range(rounds):
        change(number)
        began = time.perf_counter()
        decide()
        times.append(1e3 * (time.perf_counter() - began))
    return f"{statistics.median(times):.1f} ms, at most {max(times):.1f}"


def idle(home: Home) -> str:
    """A supervisor process whose queue is paused."""
    pause(home)
    process = subprocess.Popen([sys.executable, "-m", "engine.launch.supervisor", "--home", str(home.root)], cwd=CODE)
    try:
        watched = psutil.Process(process.pid)
        time.sleep(5)
        before = sum(watched.cpu_times()[:2])
        time.sleep(IDLE_SECONDS)
        share = (sum(watched.cpu_times()[:2]) - before) / IDLE_SECONDS
        return f"{share:.2%} of a core, {watched.memory_info().rss / 2**20:.0f} MiB"
    finally:
        process.kill()
        process.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("--runs", 10_000), ("--queued", 1_000), ("--rounds", 50)):
        parser.add_argument(name, type=int, default=default)
    options = parser.parse_args()
    with TemporaryDirectory() as folder:
        home = Home(Path(folder) / "home")
        fill(home, options.runs)
        add_points(home)
        store = open_store(home)
        add_queue(store, options.runs, options.queued)
        newest = store.find("@1").id

        def change(number: int) -> None:
            store.note(newest, f"change {number}")

        full = Supervisor(store, LocalExecutor(home, []))
        print(f"a round after a change, no slot free: {milliseconds(full.tick, change, options.rounds)}")
        print(f"choosing the next run: {milliseconds(lambda: store.ready(limit=1), change, options.rounds)}")
        print(f"idle: {idle(home)}")


if __name__ == "__main__":
    main()
