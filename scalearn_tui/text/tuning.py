"""What is shown of tuning: the settings that were tried, and which of them was chosen."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from scalearn_tui.text.formatting import NOTHING, score

if TYPE_CHECKING:
    from engine.sweeps.winners import Search, Trial


def counted(search: Search) -> str:
    """``3 settings x 1 seed``."""
    settings, seeds = len(search.trials), len(search.seeds)
    return f"{settings} settings x {seeds} seed{'' if seeds == 1 else 's'}"


def chosen(search: Search) -> tuple[str, str]:
    """The chosen setting and its mean on dev; why there is none."""
    best = search.winner
    if best is None:
        return "none: all diverged" if search.over else "waits", NOTHING
    return search.trials[best].setting, score(search.trials[best].mean)


def others(search: Search) -> list[str]:
    """The settings that were not chosen, the best of them first."""
    best = search.winner
    return [_tried(trial) for trial in sorted((t for number, t in enumerate(search.trials) if number != best), key=_worse)]


def _worse(trial: Trial) -> float:
    return math.inf if trial.mean is None else -trial.mean


def _tried(trial: Trial) -> str:
    """``81.25 learning_rate=0.001``; in place of a mean, what there is of it."""
    states = [state for state in trial.states if state != "completed"]
    return f"{score(trial.mean) if trial.mean is not None else states[0] if states else NOTHING} {trial.setting}"
