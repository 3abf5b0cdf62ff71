"""Keeping a supervisor at work: without one nobody notices that a worker has ended."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from engine.errors import UserError
from scalearn_tui.cli.exits import ExitCode
from scalearn_tui.cli.output import say

if TYPE_CHECKING:
    from engine.files.home import Home
    from engine.registry.store import Store

MOST_STARTS = 3
"""Supervisors started in a row, each of which had ended at the next check."""


def ensure_supervised(store: Store) -> None:
    """Start a supervisor if there are unfinished runs and none is running, and say that the states may be out of date.

    One that a user stopped is not started, which is said as well.
    """
    from engine.registry.reading import ACTIVE

    if not store.runs(states=ACTIVE, limit=1):
        return
    if notice := stopped_notice(store):
        say(notice)
        return
    from engine.launch.supervision import ensure_supervisor

    try:
        started = ensure_supervisor(store.home)
    except UserError as error:
        # What was asked for, a list of runs, can be shown all the same.
        say(str(error))
        return
    if started:
        say("no supervisor was running; the states of unfinished runs are being checked, look again in a moment")


def stopped_notice(store: Store) -> str | None:
    """What waits because a user stopped the supervisor, and what starts it again; None where nothing does."""
    from engine.launch.supervision import is_stopped
    from engine.registry.reading import ACTIVE

    if not is_stopped(store.home) or not (waiting := store.runs(states=ACTIVE)):
        return None
    oldest = waiting[-1].id
    return f"the supervisor was stopped, with {unfinished(len(waiting))} left; `scalearn resume {oldest}` starts it again"


def unfinished(count: int) -> str:
    """``2 unfinished runs``."""
    return f"{count} unfinished run{'' if count == 1 else 's'}"


def keep_supervised(home: Home) -> Callable[[], None]:
    """A function to call every few seconds while waiting for runs.

    It raises UserError when supervisors end as soon as they start, or when a user stops the one at work: the runs would stay in
    the queue forever.
    """
    starts = 0

    def care() -> None:
        nonlocal starts
        from engine.launch.outcome import last_line
        from engine.launch.supervision import ensure_supervisor, is_stopped

        if is_stopped(home):
            raise UserError(
                "the supervisor was stopped, and queued runs wait; `scalearn resume RUN` starts it again", ExitCode.FAILURE
            )
        starts = starts + 1 if ensure_supervisor(home) else 0
        if starts > MOST_STARTS:
            reason = last_line(home.supervisor_log) or "it wrote nothing"
            raise UserError(f"the supervisor does not stay alive ({reason}); see {home.supervisor_log}", ExitCode.FAILURE)

    return care
