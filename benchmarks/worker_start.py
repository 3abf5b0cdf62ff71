"""What a worker costs before it has learned anything, as a ratio to ``import torch``, in CPU seconds.

    OMP_NUM_THREADS=1 python benchmarks/worker_start.py [--backbone minilm] [--task toy/question] [--rounds 9]

A run is queued in a home of its own, and its worker is started again and again, each time up to its first optimiser step; the
first one tokenizes. Each round also starts a Python that only imports torch. Figures are user and system seconds since the
process began, children included: the median, with the smallest and largest in brackets.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from engine.catalog.catalog import BUILT_IN
from engine.files.home import Home
from engine.launch.supervisor import worker_command
from engine.plans.planner import make_plan, submit
from engine.registry.records import RunState
from engine.registry.store import Store, open_store
from engine.runs.request import Request

CODE = Path(__file__).parents[1]
REPORT = """
import json, os, resource, sys

def seconds():
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)

def report(**figures):
    print("\\n" + json.dumps({**figures, "end": seconds(), "modules": len(sys.modules)}), flush=True)
    os._exit(0)
"""
IMPORT_TORCH = f"""{REPORT}
import torch
report()
"""
UP_TO_FIRST_STEP = f"""{REPORT}
from engine.training import worker
from engine.training.termination import Termination
at_once = Termination.at_once

def watch_the_loop(termination):
    from engine.training.loop import AdamW, Loop
    run, step = Loop.run, AdamW.step

    def first_run(loop):
        ready = seconds()

        def first_step(optimizer):
            step(optimizer)
            report(ready=ready)

        AdamW.step = first_step
        run(loop)

    Loop.run = first_run
    return at_once(termination)

Termination.at_once = watch_the_loop  # entered when everything has been imported
worker.main(sys.argv[1:])
"""


def measure(script: str, *arguments: str) -> dict[str, float]:
    command = [sys.executable, "-c", script, *arguments]
    ended = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False, cwd=CODE)
    if ended.returncode:
        raise SystemExit(f"the worker ended before its first step:\n{ended.stdout}")
    figures: dict[str, float] = json.loads(ended.stdout.splitlines()[-1])
    return figures


def start_worker(store: Store, run_id: str) -> dict[str, float]:
    """One attempt of a queued run up to its first step; the run is queued again."""
    attempt = store.claim(run_id, "local", "cpu")
    assert attempt is not None
    figures = measure(UP_TO_FIRST_STEP, *worker_command(store.home, run_id, attempt)[3:])
    store.finish(run_id, attempt, RunState.FAILED, "ended after its first step")
    store.requeue([run_id])
    return figures


def summary(seconds: list[float]) -> str:
    return f"{statistics.median(seconds):.2f} [{min(seconds):.2f}, {max(seconds):.2f}]"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backbone", default="minilm")
    parser.add_argument("--task", default="toy/question")
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    request = Request(methods=("adapter",), targets=(options.task,), backbone=options.backbone)
    with TemporaryDirectory() as folder:
        store = open_store(Home(Path(folder) / "home"))
        (run_id,) = submit(make_plan(request, store, BUILT_IN), store)
        cold = start_worker(store, run_id)
        pairs = [(measure(IMPORT_TORCH), start_worker(store, run_id)) for _ in range(options.rounds)]
    torch, warm = ([pair[side] for pair in pairs] for side in (0, 1))
    floor = [figures["end"] for figures in torch]
    print(f"import torch: {summary(floor)} s, {torch[0]['modules']} modules")
    print(f"worker, cold token cache: ready to train at {cold['ready']:.2f} s, first step made at {cold['end']:.2f} s")
    print(f"worker, warm token cache: {warm[0]['modules']} modules")
    for name, key in (("ready to train", "ready"), ("first step made", "end")):
        seconds = [figures[key] for figures in warm]
        ratios = [second / least for second, least in zip(seconds, floor, strict=True)]
        print(f"  {name} at {summary(seconds)} s, ratio to import torch {summary(ratios)}")


if __name__ == "__main__":
    main()
