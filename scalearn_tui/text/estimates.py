"""What the runs of a plan take, in words: alike in the table of a dry run and in the dashboard's form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from scalearn_tui.text.formatting import NOTHING, count, duration, size

if TYPE_CHECKING:
    from engine.plans.estimates import Estimate

TAKEN = ("steps", "trainable", "time", "disk")
"""Headings of ``cells``."""


def cells(estimate: Estimate) -> tuple[str, ...]:
    """Steps, trainable parameters, time and disk."""
    steps = NOTHING if estimate.steps is None else f"{estimate.steps:,}"
    return (steps, count(estimate.trainable), _about(estimate.seconds, estimate.guessed), size(estimate.bytes))


def totals(estimates: Sequence[Estimate]) -> list[str]:
    """What several runs take together, where it is known of all of them: ``~12:10 on one device``, ``3.2 MB on disk``."""
    seconds, sizes = [estimate.seconds for estimate in estimates], [estimate.bytes for estimate in estimates]
    words = []
    if None not in seconds:
        total = _about(sum(filter(None, seconds)), any(estimate.guessed for estimate in estimates))
        words.append(f"{total} on one device")
    if None not in sizes:
        words.append(f"{size(sum(filter(None, sizes)))} on disk")
    return words


def _about(seconds: float | None, guessed: bool) -> str:
    return f"~{duration(seconds)}" if guessed else duration(seconds)
