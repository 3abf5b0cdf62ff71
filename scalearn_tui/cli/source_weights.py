"""Weights of sources of runs that completed before workers wrote them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from scalearn_tui.children.child import events
from scalearn_tui.cli.output import say

if TYPE_CHECKING:
    from engine.files.home import Home


def weigh_sources(run_ids: Sequence[str], home: Home) -> None:
    """Compute those of the runs from their checkpoints, once; says which cannot be had, and why."""
    if not run_ids:
        return
    count = f"{len(run_ids)} run{'' if len(run_ids) == 1 else 's'}"
    say(f"reading the checkpoints of {count} without weights of the sources; this is done once")
    for event in events("engine.inference.source_weights", *run_ids, "--home", str(home.root)):
        if event["problem"]:
            say(f"left out: {event['problem']}")
