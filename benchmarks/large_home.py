"""What lists and leaderboards cost in a home of thousands of runs, as a ratio to importing what every command imports.

    OMP_NUM_THREADS=1 python benchmarks/large_home.py [--runs 10000] [--rounds 5]

The home is filled with completed runs of six methods on GLUE and SuperGLUE, three learning rates each and as many seeds as it
takes. Figures are user and system seconds of one process, the smallest of all rounds.
"""

from __future__ import annotations

import argparse
import itertools
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from engine.catalog.backbones import BACKBONES
from engine.catalog.catalog import BUILT_IN
from engine.files.home import Home
from engine.registry.records import Checkpoint, Run, RunState
from engine.registry.store import open_store
from engine.runs.request import Request
from engine.runs.spec import RunSpec

METHODS = ("adapter", "full-ft", "lora", "ia3", "compacter++", "propetl")
TASKS = tuple(task for name in ("glue", "superglue") for task in BUILT_IN.benchmarks[name].tasks)
LEARNING_RATES = (1e-4, 3e-4, 1e-3)
BACKBONE = "roberta-base"
START = datetime(2026, 1, 1, tzinfo=UTC)
COMMANDS = (
    ["--help"],
    ["ls"],
    ["ls", "--all"],
    ["ls", "--target", "rte"],
    ["ls", "method:adapter", "state:completed"],
    ["show", "@1"],
    ["leaderboard"],
    ["results"],
)
BASE = "import typer, rich.table, sqlite3, pydantic"


def runs() -> Iterator[Run]:
    """Completed runs, without end."""
    for number, (seed, method, task, rate) in enumerate(
        (seed, *rest) for seed in itertools.count() for rest in itertools.product(METHODS, TASKS, LEARNING_RATES)
    ):
        spec = RunSpec(
            method=method,
            backbone=BACKBONE,
            backbone_revision=BACKBONES[BACKBONE].revision or "",
            targets=(task.key,),
            seed=seed,
            hyperparameters=BUILT_IN.methods[method].resolve({"learning_rate": rate}, task.key, task.select_by),
            data={task.key: "d" * 40},
        )
        request = Request(methods=(method,), targets=(task.key,), command=f"scalearn run -m {method} -t {task.key}")
        yield Run.of(
            spec, request, state=RunState.COMPLETED, created_at=START + timedelta(seconds=number), best_epoch=2, epoch=3,
            seconds=61.0, trainable=1000, transfer=900, provenance={"versions": {"scalearn-tui": "0.2.0", "torch": "2.13.0"}},
        )  # fmt: skip


def fill(home: Home, count: int) -> None:
    store = open_store(home)
    for number, run in enumerate(itertools.islice(runs(), count)):
        task = BUILT_IN.tasks[run.target]
        values = dict.fromkeys((*task.metrics, task.headline), 0.5 + number % 97 / 200)
        best = Checkpoint(run.id, "best", step=1, epoch=2, sha256="0" * 64, bytes=1)
        store.adopt(run, {task.key: {"dev": values, "test": values}}, lambda best=best: best, "benchmark")  # type: ignore[misc]


def seconds(command: list[str], home: Home, rounds: int) -> float:
    def once() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        environment = os.environ | {"SCALEARN_HOME": str(home.root)}
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment, cwd=Path(__file__).parents[1])
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    return min(once() for _ in range(rounds))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with TemporaryDirectory() as folder:
        home = Home(Path(folder) / "home")
        fill(home, options.runs)
        base = seconds([sys.executable, "-c", BASE], home, options.rounds)
        print(f"{BASE}: {base:.3f} s")
        for command in COMMANDS:
            took = seconds([sys.executable, "-m", "scalearn_tui", *command], home, options.rounds)
            print(f"scalearn {' '.join(command)}: {took:.3f} s, {took / base:.2f} times that")


if __name__ == "__main__":
    main()
