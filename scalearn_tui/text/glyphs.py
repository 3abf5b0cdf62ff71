"""How a run's state looks. Glyph, letter and colour always go together, so that no colour carries meaning alone."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class StateMark:
    """The look of one state."""

    glyph: str
    """One cell wide in every terminal font."""
    letter: str
    """For terminals without Unicode."""
    colour: str
    """ANSI colour name, for the command line."""
    role: str
    """Name of the theme colour, for the dashboard."""


STATES: dict[str, StateMark] = {
    "queued": StateMark("◷", "Q", "cyan", "secondary"),
    "starting": StateMark("◔", "S", "blue", "accent"),
    "running": StateMark("●", "R", "blue", "accent"),
    "completed": StateMark("✓", "C", "green", "success"),
    "failed": StateMark("✗", "F", "red", "error"),
    "stopped": StateMark("■", "T", "yellow", "warning"),
    "lost": StateMark("▲", "L", "magenta", "error"),
}
"""By state, in the order in which a run passes through them."""


def state_glyph(state: str) -> str:
    """One character for the state."""
    return STATES[state].glyph


def state_letter(state: str) -> str:
    """One ASCII character for the state."""
    return STATES[state].letter


def state_colour(state: str) -> str:
    """ANSI colour name of the state."""
    return STATES[state].colour
