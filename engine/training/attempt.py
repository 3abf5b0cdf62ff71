"""One attempt of a run: it is trained, and how that ended is written to the registry."""

from __future__ import annotations

import gc
import logging

from sqlalchemy.exc import DBAPIError

from engine.errors import UserError
from engine.registry.damage import Damaged
from engine.registry.fence import Fenced
from engine.registry.records import Results, Run, RunState
from engine.registry.store import Store
from engine.training.patience import is_full, is_read_only, patiently
from engine.training.termination import Stopped, Termination
from engine.worker_exit import WorkerExit

log = logging.getLogger("worker")


def work(store: Store, run_id: str, attempt: int, termination: Termination) -> int:
    """Train the run and write its final state to the registry; returns a ``WorkerExit``."""
    try:
        run = patiently(lambda: store.started(run_id, attempt))
        log.info("attempt %d of run %s: %s on %s, seed %d", attempt, run_id, run.method, run.target, run.seed)
        results = _train(store, run, attempt, termination)
        return _completed(store, run_id, attempt, results) if results is not None else _stopped(store, run_id, attempt)
    except Fenced as error:
        log.warning("%s; nothing was published", error)
        return WorkerExit.FENCED
    except UserError as error:
        return _failed(store, run_id, attempt, str(error))
    except Exception as error:
        advice = _advice(error)
        if advice is None:
            log.exception("the worker failed")
        return _failed(store, run_id, attempt, advice or f"{type(error).__name__}: {_first_line(error)}")


def _completed(store: Store, run_id: str, attempt: int, results: Results) -> int:
    peak = patiently(lambda: _peak_memory(store, run_id))

    def finish() -> bool:
        return store.finish(run_id, attempt, RunState.COMPLETED, results=results, seconds_left=0.0, peak_memory=peak)

    if not patiently(finish):
        return WorkerExit.FENCED
    store.home.checkpoint(run_id, "last").unlink(missing_ok=True)
    return WorkerExit.COMPLETED


def _stopped(store: Store, run_id: str, attempt: int) -> int:
    peak = patiently(lambda: _peak_memory(store, run_id))
    why = "on request" if patiently(lambda: store.find(run_id)).stop_requested else "by a signal"
    cause = f"stopped {why}; `scalearn resume` continues it"
    patiently(lambda: store.finish(run_id, attempt, RunState.STOPPED, cause, peak_memory=peak))
    return WorkerExit.STOPPED


def _peak_memory(store: Store, run_id: str) -> int | None:
    """Bytes of a GPU that any attempt took: one that was resumed shortly before its end has not seen a whole step."""
    from engine.training.device import peak_memory

    return max((peak for peak in (peak_memory(), store.find(run_id).peak_memory) if peak is not None), default=None)


def _failed(store: Store, run_id: str, attempt: int, cause: str) -> int:
    log.error(cause)
    try:
        return WorkerExit.FAILED if store.finish(run_id, attempt, RunState.FAILED, cause) else WorkerExit.FENCED
    except (DBAPIError, Damaged):
        # The registry cannot be written, perhaps for the same reason: the supervisor takes the cause from the log's last line.
        return WorkerExit.FAILED


def _advice(error: Exception) -> str | None:
    """What to do about an error that is not the program's, in one line; None for any other."""
    from engine.training.device import first_sentences, is_out_of_memory

    if is_out_of_memory(error):
        details = f" ({text})" if (text := first_sentences(error)) else ""
        advice = "end other processes and `scalearn resume`, or take fewer examples at a time with --set batch_size=..."
        return f"out of memory; {advice}{details}"
    if is_full(error):
        return f"the disk is full; free some space, then `scalearn resume` ({_first_line(error)})"
    if is_read_only(error):
        return f"the disk is read-only; make it writable, then `scalearn resume` ({_first_line(error)})"
    return None


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]


def _train(store: Store, run: Run, attempt: int, termination: Termination) -> Results | None:
    """Final results, or None when the run was stopped."""
    from engine.plugins.home_catalog import load_catalog
    from engine.training.loop import Loop
    from engine.training.metric_writer import MetricWriter
    from engine.training.setup import prepare_run
    from engine.training.system_metrics import SystemMetrics

    _collect_garbage()
    try:
        with termination.at_once():
            catalog = load_catalog(store.home)
            for line in catalog.left_out:
                log.warning(line)
            # Token caches and embeddings are written by it.
            ready = patiently(lambda: prepare_run(store, run, attempt, catalog))
    except Stopped:
        log.info("stopped before training")
        return None
    with MetricWriter(store, run.id, attempt) as metric_writer, SystemMetrics(metric_writer, run.seconds):

        def should_stop() -> bool:
            if metric_writer.fenced:
                raise metric_writer.fenced
            return termination.requested or metric_writer.stop_requested

        def heed_stop() -> None:
            if should_stop():
                raise Stopped

        loop = Loop(**ready.loop_arguments(), metric_writer=metric_writer, should_stop=should_stop)
        if ready.files.last.is_file():
            patiently(lambda: store.happened(run.id, attempt, "going on from the last checkpoint"))
        try:
            state = loop.run()
            log.info("best epoch %s of %d", state.best_epoch, state.epoch)
            results = ready.final_results(state.best_epoch or 0, loop.best_dev, heed_stop)
            ready.keep_source_weights(heed_stop)
        except Stopped:
            log.info("stopped at step %d of %d; saved", loop.state.step, loop.steps)
            return None
    if metric_writer.fenced:
        raise metric_writer.fenced
    store.check()
    patiently(ready.publish)
    for task, splits in results.items():
        for split, numbers in splits.items():
            log.info("%s %s: %s", task, split, ", ".join(f"{name} {value:.4f}" for name, value in numbers.items()))
    return results


def _collect_garbage() -> None:
    """From now on, if this process has not done so while it imported; never among what exists by now."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()
