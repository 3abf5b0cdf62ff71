"""Having the runs of a plan trained, and watching them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from scalearn_tui.cli.output import console, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.plans.planner import Plan
    from engine.registry.store import Store
    from engine.runs.placement import Placement


def work_off(plan: Plan, store: Store, detach: bool, as_json: bool, placement: Placement, tags: Sequence[str] = ()) -> bool:
    """Queue what the plan lacks, and unless ``detach`` watch until it has ended; False when the user stopped watching.

    The runs that were asked for get the ``tags``.
    """
    from engine.plans.planner import submit
    from scalearn_tui.cli.watching import keep_supervised, settle
    from scalearn_tui.text.queue import paused_notice

    settle(store)
    asked_for = submit(plan, store, placement)
    if tags:
        store.tag(asked_for, tags)
    pending = [planned.run_id for planned in plan.runs if not planned.done]
    if not pending:
        say("nothing to do: " + (f"all {len(asked_for)} runs are" if asked_for[1:] else "the run is") + " completed")
        return True

    keep_supervised(store)()
    reused = len(plan.runs) - len(pending) + len(plan.named_sources)
    say(f"{len(pending)} to train" + (f", {reused} reused" if reused else "") + ("" if detach else "; Ctrl-C detaches"))
    if notice := paused_notice(store.home):
        say(notice)
    return detach or watch(pending, store, as_json)


def watch(pending: Sequence[str], store: Store, as_json: bool) -> bool:
    """Show unfinished runs until they have ended; False when the user stopped watching."""
    from scalearn_tui.cli.live import follow
    from scalearn_tui.cli.watching import keep_supervised

    try:
        follow(store, pending, console(stderr=as_json), keep_supervised(store))
    except KeyboardInterrupt:
        last = pending[-1]
        say(f"detached; runs go on: `scalearn ls`, `scalearn logs -f {last}`, `scalearn stop {last}`")
        return False
    return True
