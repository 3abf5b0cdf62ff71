"""Weights of sources for figures, of runs that completed before workers wrote them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scalearn_tui.cli.child import events
from scalearn_tui.cli.output import say

if TYPE_CHECKING:
    from engine.reports.figures.selected import Selected


def weigh_sources(selected: Selected) -> None:
    """Compute those that are missing from the runs' checkpoints, once; says which cannot be had, and why."""
    from engine.reports.figures.weighed import unweighed

    if not (run_ids := unweighed(selected)):
        return
    count = f"{len(run_ids)} run{'' if len(run_ids) == 1 else 's'}"
    say(f"reading the checkpoints of {count} without weights of the sources; this is done once")
    for event in events("engine.inference.source_weights", *run_ids, "--home", str(selected.reader.home.root)):
        if event["problem"]:
            say(f"left out: {event['problem']}")
