"""Writes a run's metrics to the registry from a thread, about once a second, so that training never waits for a disk."""

from __future__ import annotations

import logging
import threading
from typing import Any

from sqlalchemy.exc import OperationalError

from engine.registry.damage import Damaged
from engine.registry.fence import Fenced
from engine.registry.records import Metric
from engine.registry.store import Store
from engine.training.patience import patiently

INTERVAL = 1.0
"""Seconds between writes."""
log = logging.getLogger(__name__)


class MetricWriter:
    """Collects curve points and the latest values of a run's columns, and writes them in bulk.

    A busy database delays points but loses none. ``stop_requested`` and ``fenced`` (a newer attempt has taken over) are what
    the registry answered to the last write.
    """

    def __init__(self, store: Store, run_id: str, attempt: int) -> None:
        self.store, self.run_id, self.attempt = store, run_id, attempt
        self.stop_requested = False
        self.fenced: Fenced | None = None
        self._points: list[Metric] = []
        self._fields: dict[str, Any] = {}
        self._epoch: dict[str, Any] = {}
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._work, name="metric-writer", daemon=True)

    def __enter__(self) -> MetricWriter:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Stop the thread and write what is pending; after an error only if the registry is free."""
        self._done.set()
        self._thread.join()
        try:
            patiently(self.flush, hurried=lambda: kind is not None)
        except OperationalError:
            # What ended the run is the cause to tell, not this.
            if kind is None:
                raise

    def point(self, name: str, step: int, epoch: float, value: float) -> None:
        """One point of a curve, such as ``train/loss`` at optimiser step ``step``."""
        metric = Metric(run_id=self.run_id, name=name, step=step, value=value, epoch=epoch, attempt=self.attempt)
        with self._lock:
            self._points.append(metric)

    def fields(self, **fields: Any) -> None:
        """New values of columns of the table ``run``."""
        with self._lock:
            self._fields.update(fields)

    def epoch_ended(self, **fields: Any) -> None:
        """Values at the end of an epoch; values given to ``fields`` later are written after these, never in their place."""
        with self._lock:
            for name in fields:
                self._fields.pop(name, None)
            self._epoch.update(fields)

    def _work(self) -> None:
        while not self._done.wait(INTERVAL) and not self.fenced:
            try:
                self.flush()
            except (OperationalError, Damaged) as error:
                why = error.orig if isinstance(error, OperationalError) else error
                log.warning("the registry cannot be written, retrying in a second: %s", why)

    def flush(self) -> None:
        """Write what is pending, now. Raises OperationalError when the database stays busy; then everything stays pending."""
        if self.fenced:
            return
        with self._writing:
            self._write()

    def _write(self) -> None:
        with self._lock:
            points, fields = list(self._points), self._fields | self._epoch
        try:
            stop = self.store.progress(self.run_id, self.attempt, points, **fields)
        except Fenced as error:
            self.fenced = error
            return
        self.stop_requested = self.stop_requested or stop
        with self._lock:
            del self._points[: len(points)]
            for name, value in fields.items():
                for pending in (self._fields, self._epoch):
                    if name in pending and pending[name] is value:
                        del pending[name]
