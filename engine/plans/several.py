"""Plans of several requests as one, and the part of a plan that some of its runs need."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from engine.plans.planner import Plan, PlannedRun, sources_first
from engine.plans.resolve import unique


def merged(plans: Sequence[Plan]) -> Plan:
    """One plan of all runs, each once: requested if any of the plans requests it. The plans read the same data folder."""
    runs: dict[str, PlannedRun] = {}
    for planned in (planned for plan in plans for planned in plan.runs):
        known = runs.get(planned.run_id)
        if known is None or (known.role, planned.role) == ("source", "target"):
            runs[planned.run_id] = planned
    return Plan(
        data_dir=plans[0].data_dir,
        runs=sources_first(runs.values()),
        notes=unique([note for plan in plans for note in plan.notes]),
        named_sources=list({run.id: run for plan in plans for run in plan.named_sources}.values()),
        unread=list({task.key: task for plan in plans for task in plan.unread}.values()),
        data={key: identity for plan in plans for key, identity in plan.data.items()},
    )


def narrowed(plan: Plan, keep: Callable[[PlannedRun], bool]) -> Plan:
    """The requested runs that ``keep`` accepts, and the sources that these need."""
    kept = {planned.run_id for planned in plan.runs if planned.role == "target" and keep(planned)}
    chosen = [planned for planned in plan.runs if planned.run_id in kept]
    needed = {source.run_id for planned in chosen for source in planned.spec.sources}
    runs = [
        planned if planned.run_id in kept else replace(planned, role="source")
        for planned in plan.runs
        if planned.run_id in kept | needed
    ]
    read = {key for planned in runs for key in (*planned.spec.targets, *(source.task for source in planned.spec.sources))}
    return replace(
        plan,
        runs=runs,
        named_sources=[run for run in plan.named_sources if run.id in needed],
        unread=[task for task in plan.unread if task.key in read],
    )
