"""Keeping a supervisor at work: without one nobody notices that a worker has ended."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from engine.errors import UserError
from scalearn_tui.cli.exits import ExitCode
from scalearn_tui.cli.output import say
from scalearn_tui.text.queue import paused_notice

if TYPE_CHECKING:
    from engine.registry.reading import Reader
    from engine.registry.store import Store

MOST_STARTS = 3
"""Supervisors started in a row, each of which had ended at the next check while nothing in the registry had changed."""
LONGEST_START = 10.0
"""Seconds until a supervisor has seen how the runs are that were under way."""


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


def settle(store: Store) -> None:
    """Let the ends of runs be recorded that went together with their supervisor, before what is left to train is asked for.

    Otherwise they seem to be under way, and what needs them as sources would fail when they are found to be lost.
    """
    from engine.launch.processes import is_alive
    from engine.launch.supervision import ensure_supervisor, is_supervised
    from engine.registry.records import LIVE

    if is_supervised(store.home) or not store.runs(states=LIVE, limit=1):
        return
    ensure_supervisor(store.home)
    patience = time.monotonic() + LONGEST_START
    while time.monotonic() < patience:
        if all(run.handle and is_alive(run.handle) for run in store.runs(states=LIVE)):
            return
        time.sleep(0.1)


def stopped_notice(reader: Reader) -> str | None:
    """What waits because a user stopped the supervisor, and what starts it again; None where nothing does."""
    from engine.launch.supervision import is_stopped
    from engine.registry.records import ACTIVE

    if not is_stopped(reader.home) or not (waiting := reader.runs(states=ACTIVE)):
        return None
    oldest = waiting[-1].id
    return f"the supervisor was stopped, with {unfinished(len(waiting))} left; `scalearn resume {oldest}` starts it again"


def unfinished(count: int) -> str:
    """``2 unfinished runs``."""
    return f"{count} unfinished run{'' if count == 1 else 's'}"


def keep_supervised(reader: Reader) -> Callable[[], None]:
    """A function to call every few seconds while waiting for runs.

    It raises UserError when supervisors end without having done anything, or when a user stops the one at work: the runs would
    stay in the queue forever.
    """
    home, starts, version = reader.home, 0, reader.version()

    def care() -> None:
        nonlocal starts, version
        from engine.launch.outcome import last_line
        from engine.launch.supervision import ensure_supervisor, is_stopped

        if is_stopped(home):
            raise UserError(
                "the supervisor was stopped, and queued runs wait; `scalearn resume RUN` starts it again", ExitCode.FAILURE
            )
        before, version = version, reader.version()
        starts = starts + 1 if ensure_supervisor(home) and version == before else 0
        if starts > MOST_STARTS:
            reason = last_line(home.supervisor_log) or "it wrote nothing"
            raise UserError(f"the supervisor does not stay alive ({reason}); see {home.supervisor_log}", ExitCode.FAILURE)

    return care
