"""A plan in a few lines: how many runs are new, reused or wait, what they take, and what was decided for the user."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from scalearn_tui.dashboard.widgets.colours import DIM, Part
from scalearn_tui.text.estimates import totals
from scalearn_tui.text.formatting import count, size

if TYPE_CHECKING:
    from engine.plans.estimates import Estimate
    from engine.plans.planner import Plan, PlannedRun

NOTHING_TO_QUEUE = "nothing to queue: all runs are done or under way"


def plan_lines(plan: Plan, taken: Content) -> Content:
    """``9 runs: 2 new, 7 done and reused``, what they take, and notes."""
    counts = ((plan.new, "new"), (plan.over, "resumed"), (plan.active, "under way"), (plan.done, "done and reused"))
    parts: list[Part] = [(in_words(len(plan.runs)), "bold $text-success"), ": "]
    parts.append(", ".join(f"{len(runs)} {word}" for runs, word in counts if runs))
    if awaited := _awaited(plan):
        parts.append((f"  ({awaited})", DIM))
    lines = [Content.assemble(*parts)]
    if not queued(plan):
        lines.append(Content.styled(NOTHING_TO_QUEUE, "$text-warning"))
    elif taken:
        lines.append(taken)
    return Content("\n").join([*lines, *(Content.styled(note, DIM) for note in plan.notes)])


def taken_line(plan: Plan, estimates: Mapping[str, Estimate]) -> Content:
    """``240 steps each (8 epochs of 30)``, parameters, time, disk and memory, as far as they are known."""
    runs = [planned for planned in plan.runs if not planned.done]
    found = [estimates[planned.run_id] for planned in runs]
    parts = [_steps(runs, found)]
    if trainable := _range([estimate.trainable for estimate in found], count):
        parts.append(f"{trainable} trainable")
    parts += totals(found)
    memory = [estimate.memory for estimate in found]
    if memory and None not in memory:
        parts.append(f"up to {size(max(filter(None, memory)))} of a GPU")
    return Content(", ".join(filter(None, parts)) or "what they take is not known yet")


def queued(plan: Plan) -> int:
    """Number of runs that submitting the plan queues."""
    return len(plan.new) + len(plan.over)


def in_words(number: int) -> str:
    """``1 run``, ``3 runs``."""
    return "1 run" if number == 1 else f"{number} runs"


def _awaited(plan: Plan) -> str:
    """``2 source adapters first, 1 run waits for them``; empty where all that runs build on is there."""
    awaited = {planned.run_id for planned in plan.runs if planned.role == "source" and not planned.done}
    waiting = [
        planned
        for planned in plan.runs
        if not planned.done and any(source.run_id in awaited for source in planned.spec.sources)
    ]
    if not waiting:
        return ""
    adapters, them = ("1 source adapter", "it") if len(awaited) == 1 else (f"{len(awaited)} source adapters", "them")
    return f"{adapters} first, {in_words(len(waiting))} {'waits' if len(waiting) == 1 else 'wait'} for {them}"


def _steps(runs: Sequence[PlannedRun], estimates: Sequence[Estimate]) -> str:
    """How many each run makes, and of how many in an epoch where they are alike in it."""
    if not (steps := _range([estimate.steps for estimate in estimates], lambda number: f"{number:,}")):
        return ""
    epochs_of = [int(planned.spec.hyperparameters["epochs"]) for planned in runs]
    budgets = set(zip((estimate.steps or 0 for estimate in estimates), epochs_of, strict=True))
    ((total, epochs), *others) = budgets
    budget = "" if others or total % epochs else f" ({epochs} epoch{'s' if epochs > 1 else ''} of {total // epochs:,})"
    return f"{steps} steps{' each' if len(runs) > 1 else ''}{budget}"


def _range(values: Iterable[int | None], shown: Callable[[int], str]) -> str:
    """``136``, or ``136 to 240``, of those that are known."""
    known = [value for value in values if value is not None]
    if not known:
        return ""
    least, most = shown(min(known)), shown(max(known))
    return least if least == most else f"{least} to {most}"
