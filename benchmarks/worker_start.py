"""What a worker costs that is not training, started cold and forked: beside ``import torch``, and in a queue of small runs.

    OMP_NUM_THREADS=1 python benchmarks/worker_start.py [--backbone minilm] [--task toy/question] [--rounds 9] [--queue 20]

A run is queued in a home of its own, and its worker is started again and again up to its first optimiser step, in turn cold and
forked; each round also starts a Python that only imports torch. Then a queue of runs of 32 texts and one epoch is trained, by
workers of either kind. CPU is user and system seconds of a worker and the processes around it; wall is counted from the claim
of the run: the median, with the smallest and largest in brackets.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil

from engine.catalog.catalog import BUILT_IN
from engine.files.home import Home
from engine.launch.executor import Handle, Job
from engine.launch.executors import fork_server
from engine.launch.local import LocalExecutor
from engine.launch.supervisor import Supervisor, supervise, worker_command
from engine.launch.warm_start import ForkServer
from engine.plans.planner import make_plan, submit
from engine.registry.records import RunState
from engine.registry.store import Store, open_store
from engine.runs.request import Request

CODE = Path(__file__).parents[1]
IMPORT_TORCH = """
import resource, torch
usage = resource.getrusage(resource.RUSAGE_SELF)
print(usage.ru_utime + usage.ru_stime)
"""
SMALL = {"train": 32, "dev": 32, "test": 32}
TICKS = 100
"""Per second, in /proc/PID/stat."""


def import_torch() -> float:
    """CPU seconds of a Python that only imports torch."""
    return float(subprocess.run([sys.executable, "-c", IMPORT_TORCH], capture_output=True, check=True, cwd=CODE).stdout)


class Watched:
    """An executor of watched workers; ``fork_server`` is None for cold ones."""

    def __init__(self, home: Home, fork_server: ForkServer | None, until: str) -> None:
        self.home, self.fork_server, self.until = home, fork_server, until
        self.ends = home.root / "ends"
        self.ends.mkdir(exist_ok=True)
        # What runs at a worker's end is started by the process above it, whose times include those of the worker.
        at_end = ("/bin/sh", "-c", f"cp /proc/$PPID/stat {self.ends}/$PPID")
        self.executor = LocalExecutor(home, at_end=at_end, fork_server=fork_server)

    def command(self, home: Home, run_id: str, attempt: int) -> tuple[str, ...]:
        python, m, _, *arguments = worker_command(home, run_id, attempt)
        return (python, m, "benchmarks.watched_worker", self.until, *arguments)

    def start(self, store: Store, run_id: str) -> dict[str, Any]:
        """The figures of an attempt up to its first step; the run is queued again."""
        began = time.time()
        attempt = store.claim(run_id, "local", "cpu")
        assert attempt is not None
        reservation, handles = self.executor.acquire(store.find(run_id), store.peaks), list[Handle]()
        assert not isinstance(reservation, str), reservation
        log, record = self.home.log(run_id), self.home.exit_record(run_id, attempt)
        self.executor.submit(
            Job(run_id, attempt, self.command(self.home, run_id, attempt), log, record), reservation, handles.append
        )
        reservation.release()
        (handle,) = handles
        while not (self.ends / str(handle["pid"])).exists() or psutil.pid_exists(handle["pid"]):
            self.executor.poll({})
            time.sleep(0.01)
        store.finish(run_id, attempt, RunState.FAILED, "ended after its first step")
        store.requeue([run_id])
        figures = told(log.read_text()[handle["log_begin"] :])
        above = (self.ends / str(handle["pid"])).read_text()
        return figures | {"began": began, "above": cpu(above, children=False)}

    def train(self, store: Store, run_ids: Sequence[str]) -> tuple[float, float]:
        """CPU and wall seconds that each of these queued runs took beside training."""
        began = time.time()
        supervise(self.home, [Supervisor(store, self.executor, self.command)], idle=0.0)
        wall = time.time() - began
        seconds = sum(cpu(end.read_text()) for end in self.ends.iterdir())
        if self.fork_server and self.fork_server.running:
            seconds += cpu(Path(f"/proc/{self.fork_server.running}/stat").read_text())
        for figures in (told(self.home.log(run_id).read_text()) for run_id in run_ids):
            seconds -= figures["trained"]["cpu"] - figures["ready"]["cpu"]
            wall -= figures["trained"]["at"] - figures["ready"]["at"]
        return seconds / len(run_ids), wall / len(run_ids)


def told(log: str) -> dict[str, Any]:
    """What a watched worker printed."""
    lines = [line for line in log.splitlines() if line.startswith('{"ready"')]
    if not lines:
        raise SystemExit(f"the worker ended too early:\n{log}")
    figures: dict[str, Any] = json.loads(lines[-1])
    return figures


def cpu(stat: str, children: bool = True) -> float:
    """CPU seconds of a process, and of its children that have ended, from /proc/PID/stat."""
    times = stat.rpartition(")")[2].split()[11 : 15 if children else 13]
    return sum(map(int, times)) / TICKS


def queued(home: Home, request: Request) -> tuple[Store, list[str]]:
    store = open_store(home)
    return store, submit(make_plan(request, store, BUILT_IN), store)


def summary(seconds: Sequence[float]) -> str:
    return f"{statistics.median(seconds):.2f} [{min(seconds):.2f}, {max(seconds):.2f}]"


def compare_starts(folder: Path, request: Request, rounds: int) -> None:
    store, (run_id,) = queued(Home(folder / "starts"), request)
    server = fork_server(store.home)
    kinds = {"cold": Watched(store.home, None, "first-step"), "forked": Watched(store.home, server, "first-step")}
    for kind in kinds.values():
        kind.start(store, run_id)  # the first one tokenizes, and loads the code that is forked
    floor: list[float] = []
    starts: dict[str, list[dict[str, Any]]] = {name: [] for name in kinds}
    for _ in range(rounds):
        floor.append(import_torch())
        for name, kind in kinds.items():
            starts[name].append(kind.start(store, run_id))
    print(f"import torch: {summary(floor)} s CPU")
    for name, figures in starts.items():
        for what, key in (("ready to train", "ready"), ("first step made", "step")):
            seconds = [one[key]["cpu"] + one["above"] for one in figures]
            ratios = [second / least for second, least in zip(seconds, floor, strict=True)]
            wall = [one[key]["at"] - one["began"] for one in figures]
            print(
                f"{name:6} {what:15}  {summary(seconds)} s CPU, ratio to import torch {summary(ratios)}, {summary(wall)} s wall"
            )
        print(f"{name:6} memory of its own at the first step: {figures[-1]['private_mib']} MiB")
    if server and server.running:
        print(f"the process that forks them has {psutil.Process(server.running).memory_info().rss // 2**20} MiB")
        server.end()


def compare_queues(folder: Path, request: Request) -> None:
    for name, forks in (("cold", False), ("forked", True)):
        store, run_ids = queued(Home(folder / name), request)
        server = fork_server(store.home) if forks else None
        seconds, wall = Watched(store.home, server, "whole").train(store, run_ids)
        print(f"{len(run_ids)} runs, {name:6}: {seconds:.2f} s CPU and {wall:.2f} s wall a run that are not training")
        if server:
            server.end()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backbone", default="minilm")
    parser.add_argument("--task", default="toy/question")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--queue", type=int, default=20)
    options = parser.parse_args()
    request = Request(methods=("adapter",), targets=(options.task,), backbone=options.backbone)
    small = {"seeds": tuple(range(options.queue)), "epochs": 1, "limits": SMALL}
    with TemporaryDirectory() as folder:
        compare_starts(Path(folder), request, options.rounds)
        compare_queues(Path(folder), request.model_copy(update=small))


if __name__ == "__main__":
    main()
