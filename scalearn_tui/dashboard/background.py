"""Blocking work in threads: the event loop never reads a file or the database."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from textual.app import App
from textual.worker import Worker, WorkerState

from scalearn_tui.text.errors import one_line

Result = TypeVar("Result")
Then = Callable[[Any], None]


class BackgroundApp(App[int]):
    """An app that runs blocking functions in threads and hands their results back on the event loop.

    Results travel as Textual messages. An error without a handler becomes a notice, never a crash.
    """

    def __init__(self) -> None:
        super().__init__()
        self._waiting: dict[Worker[Any], tuple[Then, Then]] = {}

    def background(
        self, work: Callable[[], Result], then: Callable[[Result], None], failed: Callable[[BaseException], None] | None = None
    ) -> None:
        """Run ``work()`` in a thread; later call ``then(result)``, or ``failed(error)``, on the event loop."""
        worker = self.run_worker(work, thread=True, exit_on_error=False, group="background")
        self._waiting[worker] = (then, failed or self.notify_error)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Deliver the result of a thread."""
        if event.state not in (WorkerState.SUCCESS, WorkerState.ERROR, WorkerState.CANCELLED):
            return
        then, failed = self._waiting.pop(event.worker, (None, None))
        if not self.is_running:
            # A closing app has taken its widgets away.
            return
        if event.state is WorkerState.SUCCESS and then is not None:
            then(event.worker.result)
        elif event.state is WorkerState.ERROR and failed is not None and event.worker.error is not None:
            failed(event.worker.error)

    def notify_error(self, error: BaseException) -> None:
        """Show an error as a notice of one line."""
        self.notify(one_line(error), severity="error", timeout=10, markup=False)
