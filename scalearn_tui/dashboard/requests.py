"""What a user asks of runs, as jobs: each is written in a thread, read back, and ends in an answer or in a reason."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.files.home import Home
from scalearn_tui.dashboard.blocking import Background
from scalearn_tui.text.errors import one_line

if TYPE_CHECKING:
    from engine.registry.records import Run
    from engine.registry.store import Store

PENDING = 0.3
"""Seconds after which a job that is not done is shown."""
PATIENCE = 5.0
"""Seconds after which it says what it waits for."""
MOST_NAMED = 3

Timer = Callable[[float, Callable[[], None]], object]


@dataclass(frozen=True)
class Request:
    """One change of some runs."""

    doing: str
    """``stopping abc1234``: shown while it is not done."""
    done: str
    """``abc1234 was asked to stop``; empty where the screen shows it."""
    run_ids: tuple[str, ...]
    write: Callable[[Store], object]
    holds: Callable[[Run | None], bool]
    """Whether a run is as asked, read back; None is one that is gone."""


class Requests:
    """Sends requests, and knows which are under way."""

    def __init__(
        self,
        home: Home,
        background: Background,
        after: Timer,
        launch: Callable[[Home], None],
        say: Callable[[str, bool], None],
        changed: Callable[[], None],
    ) -> None:
        """``say(text, is_refused)`` shows an answer; ``changed()`` is called when the jobs under way are others."""
        self._home, self._background, self._after, self._launch = home, background, after, launch
        self._say, self._changed = say, changed
        self._under_way: dict[int, str] = {}
        self._sent = 0

    @property
    def pending(self) -> str:
        """What is under way for a while, in a few words; empty if nothing is."""
        return "; ".join(text for text in self._under_way.values() if text)

    def send(self, request: Request) -> None:
        """Do it; whatever comes of it is shown."""
        self._sent += 1
        number = self._sent
        self._under_way[number] = ""
        self._after(PENDING, lambda: self._show(number, f"{request.doing} …"))
        self._after(PATIENCE, lambda: self._show(number, f"{request.doing}: the registry does not answer yet"))
        self._background(
            lambda: self._work(request),
            lambda reason: self._ended(number, reason or request.done, bool(reason)),
            lambda error: self._ended(number, one_line(error), True),
        )

    def _work(self, request: Request) -> str:
        """Write, wake the supervisor and read back; why it did not come about, or nothing."""
        from engine.registry.store import open_store

        store = open_store(self._home)
        request.write(store)
        self._launch(self._home)
        found: dict[str, Run | None] = {run.id: run for run in store.runs(ids=request.run_ids)}
        others = [(run_id, found.get(run_id)) for run_id in request.run_ids if not request.holds(found.get(run_id))]
        return _reason(others, len(request.run_ids))

    def _show(self, number: int, text: str) -> None:
        if number in self._under_way:
            self._under_way[number] = text
            self._changed()

    def _ended(self, number: int, text: str, refused: bool) -> None:
        del self._under_way[number]
        self._say(text, refused)
        self._changed()


def _reason(others: Sequence[tuple[str, Run | None]], asked: int) -> str:
    if not others:
        return ""
    named = ", ".join(f"{run_id[:7]} is {run.state if run else 'gone'}" for run_id, run in others[:MOST_NAMED])
    more = f" and {len(others) - MOST_NAMED} more" if len(others) > MOST_NAMED else ""
    return f"{len(others)} of {asked} not: {named}{more}" if asked > 1 else named
