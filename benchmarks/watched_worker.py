"""A worker that prints what it costs: ``python -m benchmarks.watched_worker first-step|whole ARGUMENT...``.

A line of its log is JSON: the clock and the CPU seconds of the process when training begins (``ready``), after the first step
(``step``), where ``first-step`` ends it, and when the results are computed (``trained``); and the memory that only it has.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from pathlib import Path
from typing import Any

from engine.training import worker
from engine.training.termination import Termination

figures: dict[str, Any] = {}
at_once = Termination.at_once


def mark(name: str) -> None:
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    figures.setdefault(name, {"at": time.time(), "cpu": sum(usage.ru_utime + usage.ru_stime for usage in usages)})


def report() -> None:
    rollup = Path("/proc/self/smaps_rollup").read_text().splitlines()
    private = sum(int(line.split()[1]) for line in rollup if line.startswith(("Private_Clean", "Private_Dirty"))) // 1024
    print("\n" + json.dumps(figures | {"private_mib": private}), flush=True)


def watch(termination: Termination) -> Any:
    """Entered when everything has been imported."""
    from engine.training.loop import AdamW, Loop
    from engine.training.setup import ReadyRun

    run, step, results = Loop.run, AdamW.step, ReadyRun.final_results

    def watched_run(loop: Loop) -> Any:
        mark("ready")
        return run(loop)

    def watched_step(optimizer: AdamW) -> None:
        step(optimizer)
        mark("step")
        if sys.argv[1] == "first-step":
            report()
            os._exit(0)

    def watched_results(*arguments: Any) -> Any:
        answer = results(*arguments)
        mark("trained")
        report()
        return answer

    Loop.run, AdamW.step, ReadyRun.final_results = watched_run, watched_step, watched_results  # type: ignore[method-assign, assignment]
    return at_once(termination)


if __name__ == "__main__":
    Termination.at_once = watch  # type: ignore[method-assign, assignment]
    sys.exit(worker.main(sys.argv[2:]))
