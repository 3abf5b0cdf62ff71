"""That somebody looks after the runs under way: without a supervisor no end of a worker is noticed."""

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
"""Supervisors started one after another, each of which was gone at the next look."""


def see_after(store: Store) -> None:
    """Start a supervisor if runs are under way and none is at work, and say that their states may be old."""
    from engine.registry.reading import ACTIVE

    if not store.runs(states=ACTIVE, limit=1):
        return
    from engine.launch.supervisor import ensure_supervisor

    if ensure_supervisor(store.home):
        say("nobody was watching the runs under way; their states are being checked now, look again in a moment")


def keep_supervised(home: Home) -> Callable[[], None]:
    """What to call now and then while waiting for runs.

    It raises UserError when supervisors end as soon as they start, which would leave the runs in the queue for ever.
    """
    starts = 0

    def care() -> None:
        nonlocal starts
        from engine.launch.outcome import last_line
        from engine.launch.supervisor import ensure_supervisor

        starts = starts + 1 if ensure_supervisor(home) else 0
        if starts > MOST_STARTS:
            told = last_line(home.supervisor_log) or "it wrote nothing"
            raise UserError(f"the supervisor does not stay alive ({told}); see {home.supervisor_log}", ExitCode.FAILURE)

    return care
