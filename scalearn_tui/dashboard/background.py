"""Blocking work in threads: the event loop never reads a file or the database."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from textual.app import App

from scalearn_tui.text.errors import one_line

Result = TypeVar("Result")


class BackgroundApp(App[int]):
    """An app that runs blocking functions in threads and hands their results back on the event loop.

    Results travel as Textual messages. An error without a handler becomes a notice, never a crash.
    """

    def background(
        self, work: Callable[[], Result], then: Callable[[Result], None], failed: Callable[[BaseException], None] | None = None
    ) -> None:
        """Run ``work()`` in a thread; later call ``then(result)``, or ``failed(error)``, on the event loop."""

        def do() -> None:
            deliver: Callable[[], None]
            try:
                deliver = partial(then, work())
            except Exception as error:
                deliver = partial(failed or self.notify_error, error)
            self.call_later(self._deliver, deliver)

        # Not one of Textual's workers: each of those posts three messages about itself.
        asyncio.get_running_loop().run_in_executor(None, do)

    def _deliver(self, deliver: Callable[[], None]) -> None:
        # A closing app has taken its widgets away.
        if self.is_running:
            deliver()

    def notify_error(self, error: BaseException) -> None:
        """Show an error as a notice of one line."""
        self.notify(one_line(error), severity="error", timeout=10, markup=False)
