"""Keeping a supervisor at work: without one nobody notices that a worker has ended."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from engine.errors import UserError
from scalearn_tui.cli.exits import ExitCode
from scalearn_tui.cli.output import say

if TYPE_CHECKING:
    from engine.files.home import Home
    from engine.registry.reading import Reader

MOST_STARTS = 3
"""Supervisors started in a row, each of which had ended at the next check."""


def look() -> Reader:
    """The registry of the default home; says so where it may not show all that there is."""
    from engine.files.home import Home
    from engine.registry.opening import open_reader

    reader = open_reader(Home.default())
    if reader.doubt:
        say(reader.doubt)
    return reader


def ensure_supervised(reader: Reader) -> None:
    """Start a supervisor if there are unfinished runs and none is running, and say that the states may be out of date.

    Says it too where queued runs wait because the queue is paused.
    """
    from engine.registry.records import ACTIVE, RunState

    if reader.doubt or not reader.any_run(ACTIVE):
        return
    if reader.any_run((RunState.QUEUED,)) and (notice := paused_notice(reader.home)):
        say(notice)
    if notice := stopped_notice(reader):
        say(notice)
        return
    from engine.launch.supervision import ensure_supervisor

    try:
        started = ensure_supervisor(reader.home)
    except UserError as error:
        # What was asked for, a list of runs, can be shown all the same.
        say(str(error))
        return
    except OSError as error:
        say(f"the states of unfinished runs may be old: {reader.home.root} cannot be written ({error.strerror})")
        return
    if started:
        say("no supervisor was running; the states of unfinished runs are being checked, look again in a moment")


def stopped_notice(reader: Reader) -> str | None:
    """What waits because a user stopped the supervisor, and what starts it again; None where nothing does."""
    from engine.launch.supervision import is_stopped
    from engine.registry.records import ACTIVE

    if not is_stopped(reader.home) or not (waiting := reader.runs(states=ACTIVE)):
        return None
    oldest = waiting[-1].id
    return f"the supervisor was stopped, with {unfinished(len(waiting))} left; `scalearn resume {oldest}` starts it again"


def paused_notice(home: Home) -> str | None:
    """What a paused queue does; None where it is not paused."""
    from engine.launch.queue import is_paused

    return "the queue is paused; `scalearn queue resume` lets queued runs start" if is_paused(home) else None


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
