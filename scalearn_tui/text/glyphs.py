"""How a run's state looks. Glyph and colour always go together, so that no colour carries meaning alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scalearn_tui.text.formatting import duration

if TYPE_CHECKING:
    from engine.registry.listing import ListedRun
    from engine.registry.records import Run


@dataclass(frozen=True)
class StateMark:
    """The look of one state."""

    glyph: str
    """One cell wide in every terminal font."""
    colour: str
    """ANSI colour name, for the command line."""
    role: str
    """Name of the theme colour, for the dashboard."""


SILENT_SECONDS = 60.0
"""A worker writes every second or two, whatever it is doing."""

STATES: dict[str, StateMark] = {
    "queued": StateMark("◷", "cyan", "secondary"),
    "starting": StateMark("◔", "blue", "accent"),
    "running": StateMark("●", "blue", "accent"),
    "completed": StateMark("✓", "green", "success"),
    "failed": StateMark("✗", "red", "error"),
    "stopped": StateMark("■", "yellow", "warning"),
    "lost": StateMark("▲", "magenta", "error"),
}
"""By state, in the order in which a run passes through them."""
MISSING = "·"
"""Of a sweep's cell that has no run."""


def state_glyph(state: str) -> str:
    """One character for the state."""
    return STATES[state].glyph


def state_colour(state: str) -> str:
    """ANSI colour name of the state."""
    return STATES[state].colour


def state_word(run: Run | ListedRun) -> str:
    """The state, or ``stopping`` from the request to stop until the worker has ended."""
    return "stopping" if run.state.live and run.stop_requested else str(run.state)


def silence(run: Run | ListedRun) -> str:
    """``silent for 02:10`` when a running worker has not written for a minute: a warning, its process is still there."""
    from engine.registry.records import utc_now

    if run.state != "running" or run.heartbeat_at is None:
        return ""
    seconds = (utc_now() - run.heartbeat_at).total_seconds()
    return f"silent for {duration(seconds)}" if seconds > SILENT_SECONDS else ""
