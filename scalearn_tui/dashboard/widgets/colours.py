"""Styles by meaning, in the theme's names."""

from __future__ import annotations

from scalearn_tui.text.glyphs import STATES

Part = tuple[str, str] | str
"""Text with its style, or without."""
DIM = "$foreground 60%"


def state_style(state: str) -> str:
    """The theme's colour of a state."""
    return f"$text-{STATES[state].role}"
