"""How a run's state looks. Glyph and colour always go together, so that no colour carries meaning alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.registry.tables import Run


@dataclass(frozen=True)
class StateMark:
    """The look of one state."""

    glyph: str
    """One cell wide in every terminal font."""
    colour: str
    """ANSI colour name, for the command line."""
    role: str
    """Name of the theme colour, for the dashboard."""


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


def state_glyph(state: str) -> str:
    """One character for the state."""
    return STATES[state].glyph


def state_colour(state: str) -> str:
    """ANSI colour name of the state."""
    return STATES[state].colour


def state_word(run: Run) -> str:
    """The state, or ``stopping`` from the request to stop until the worker has ended."""
    return "stopping" if run.state.live and run.stop_requested else str(run.state)
