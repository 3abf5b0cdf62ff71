"""How what blocks is done elsewhere than on the event loop, as screens, widgets and services know it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

Result = TypeVar("Result")


class Background(Protocol):
    """Runs ``work()`` in a thread; later calls ``then(result)``, or ``failed(error)``, on the event loop.

    Without ``failed`` an error becomes a notice.
    """

    def __call__(
        self, work: Callable[[], Result], then: Callable[[Result], None], failed: Callable[[BaseException], None] | None = None
    ) -> None: ...
