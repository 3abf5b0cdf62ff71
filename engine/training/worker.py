"""The process that trains one run: ``python -m engine.training.worker RUN_ID --attempt N --home FOLDER``.

It exits with a ``WorkerExit``. SIGTERM requests it to save and stop; a second one has no effect.
"""

from __future__ import annotations

import argparse
import errno
import logging
import signal
import sys
from pathlib import Path
from types import FrameType

from sqlalchemy.exc import DBAPIError

from engine.errors import UserError
from engine.files.home import Home
from engine.registry.reading import Results
from engine.registry.store import Fenced, Store, open_store
from engine.registry.tables import Run, RunState
from engine.worker_exit import WorkerExit

log = logging.getLogger("worker")


class Termination:
    """Whether SIGTERM was received."""

    def __init__(self) -> None:
        self.requested = False
        signal.signal(signal.SIGTERM, self._handle)

    def _handle(self, _signal: int, _frame: FrameType | None) -> None:
        self.requested = True


def main(arguments: list[str] | None = None) -> int:
    termination = Termination()
    parser = argparse.ArgumentParser(prog="python -m engine.training.worker", description="Train one run of the registry.")
    parser.add_argument("run_id")
    parser.add_argument("--attempt", type=int, required=True)
    parser.add_argument("--home", type=Path, required=True)
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S", stream=sys.stdout)
    store = open_store(Home(options.home), migrate=False)
    return work(store, options.run_id, options.attempt, termination)


def work(store: Store, run_id: str, attempt: int, termination: Termination) -> int:
    """Train the run and write its final state to the registry; returns a ``WorkerExit``."""
    try:
        run = store.started(run_id, attempt)
        log.info("attempt %d of run %s: %s on %s, seed %d", attempt, run_id, run.method, run.target, run.seed)
        results = _train(store, run, attempt, termination)
    except Fenced:
        log.warning("a newer attempt of this run has taken over; nothing was published")
        return WorkerExit.FENCED
    except UserError as error:
        return _failed(store, run_id, attempt, str(error))
    except MemoryError:
        return _failed(store, run_id, attempt, "out of memory; take fewer examples at a time with --set batch_size=...")
    except Exception as error:
        log.exception("the worker failed")
        return _failed(store, run_id, attempt, _cause(error))
    if results is None:
        why = "on request" if store.find(run_id).stop_requested else "by a signal"
        store.finish(run_id, attempt, RunState.STOPPED, f"stopped {why}; `scalearn resume` continues it")
        return WorkerExit.STOPPED
    if not store.finish(run_id, attempt, RunState.COMPLETED, results=results, seconds_left=0.0):
        return WorkerExit.FENCED
    store.home.checkpoint(run_id, "last").unlink(missing_ok=True)
    return WorkerExit.COMPLETED


def _failed(store: Store, run_id: str, attempt: int, cause: str) -> int:
    log.error(cause)
    try:
        return WorkerExit.FAILED if store.finish(run_id, attempt, RunState.FAILED, cause) else WorkerExit.FENCED
    except DBAPIError:
        # The registry cannot be written, perhaps for the same reason: the supervisor takes the cause from the log's last line.
        return WorkerExit.FAILED


def _cause(error: Exception) -> str:
    """The error in one line, with advice where there is any."""
    import torch

    first = (str(error).strip().splitlines() or [""])[0]
    if isinstance(error, torch.OutOfMemoryError):
        return f"GPU out of memory; lower it with --set batch_size=... ({first})"
    # safetensors gives the system's error number only in its text.
    if getattr(error, "errno", None) == errno.ENOSPC or f"(os error {errno.ENOSPC})" in first:
        return f"the disk is full; free some space, then `scalearn resume` ({first})"
    return f"{type(error).__name__}: {first}"


def _train(store: Store, run: Run, attempt: int, termination: Termination) -> Results | None:
    """Final results, or None when the run was stopped."""
    from engine.plugins.home_catalog import load_catalog
    from engine.training.loop import Loop, Stopped
    from engine.training.metric_writer import MetricWriter
    from engine.training.setup import prepare_run

    if termination.requested:
        return None
    catalog = load_catalog(store.home)
    for line in catalog.left_out:
        log.warning(line)
    ready = prepare_run(store, run, attempt, catalog)
    with MetricWriter(store, run.id, attempt) as metric_writer:

        def should_stop() -> bool:
            if metric_writer.fenced:
                raise Fenced
            return termination.requested or metric_writer.stop_requested

        loop = Loop(**ready.loop_arguments(), metric_writer=metric_writer, should_stop=should_stop)
        try:
            state = loop.run()
        except Stopped:
            log.info("stopped at step %d of %d; saved", loop.state.step, loop.steps)
            return None
        log.info("best epoch %s of %d", state.best_epoch, state.epoch)
        results = ready.final_results()
    if metric_writer.fenced:
        raise Fenced
    ready.publish()
    for task, splits in results.items():
        for split, numbers in splits.items():
            log.info("%s %s: %s", task, split, ", ".join(f"{name} {value:.4f}" for name, value in numbers.items()))
    return results


if __name__ == "__main__":
    sys.exit(main())
