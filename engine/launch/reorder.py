"""Moving queued runs past their neighbours: in which order the queue is to be, and who has to be how urgent for that."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from engine.errors import UserError
from engine.launch.queue import urgencies
from engine.registry.records import QueuedRun

if TYPE_CHECKING:
    from engine.registry.store import Store

Sources = Mapping[str, Sequence[str]]
"""By the id of a queued run, those of its sources that are not completed."""


def move(store: Store, run_ids: Collection[str], earlier: bool) -> dict[str, int]:
    """Let queued runs start before the one in front of them, or after the one behind; the priorities that were given for it.

    A source comes with its run where that goes to the front, and the run with its source where that goes to the end. Priorities
    only rise: a run with a lower one than others would be overtaken by all that is asked for later. Raises UserError where
    nothing can move.
    """
    queued, awaited = store.queued(), store.awaited()
    chosen = {run.id for run in queued} & set(run_ids)
    if not chosen:
        raise UserError("it is not queued any more" if len(run_ids) == 1 else "none of them is queued any more")
    wanted = reordered([run.id for run in queued], chosen, awaited, earlier)
    priorities = needed(wanted, queued, urgencies(queued, awaited))
    if not priorities:
        place = "first" if earlier else "last"
        raise UserError(f"it is {place} already" if len(chosen) == 1 else f"they are {place} already")
    for priority in sorted(set(priorities.values()), reverse=True):
        store.prioritise([run_id for run_id, own in priorities.items() if own == priority], priority)
    return priorities


def reordered(order: Sequence[str], chosen: Collection[str], awaited: Sources, earlier: bool) -> list[str]:
    """The order in which each chosen run is one place further to the front or to the end; neighbours move together."""
    if earlier:
        return _forward(order, chosen, lambda front, behind: front in awaited.get(behind, ()))
    return _forward(order[::-1], chosen, lambda behind, front: front in awaited.get(behind, ()))[::-1]


def _forward(order: Sequence[str], chosen: Collection[str], holds_up: Callable[[str, str], bool]) -> list[str]:
    """``holds_up(one, other)``: whether one has to stay in front of the other, and so comes with it."""
    moved, last = list(order), len(order) - 1
    while last >= 0:
        first = last
        if moved[last] in chosen:
            block = [moved[last]]
            while first and (moved[first - 1] in chosen or any(holds_up(moved[first - 1], one) for one in block)):
                first -= 1
                block.append(moved[first])
            if first:
                first -= 1
                moved[first : last + 1] = [*moved[first + 1 : last + 1], moved[first]]
        last = first - 1
    return moved


def needed(order: Sequence[str], queued: Sequence[QueuedRun], urgency: Mapping[str, int]) -> dict[str, int]:
    """The priorities to give so that runs start in this order; those that are left out can keep theirs."""
    by_id = {run.id: run for run in queued}
    priorities: dict[str, int] = {}
    behind: QueuedRun | None = None
    least = 0
    for run_id in reversed(order):
        run = by_id[run_id]
        least = urgency[run_id] if behind is None else max(urgency[run_id], least + (run.age > behind.age))
        if least > urgency[run_id]:
            priorities[run_id] = least
        behind = run
    return priorities
