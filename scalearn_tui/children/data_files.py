"""The files of a plan's tasks, opened before its runs are queued."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.files.home import Home
    from engine.plans.planner import Plan

Rows = dict[str, dict[str, int]]
"""Rows of each official split, by task and split."""


def open_files(plan: Plan, home: Home) -> Rows:
    """What the files hold that the plan's runs will read; nothing of tasks that are generated or have yet to be downloaded.

    Raises UserError naming the file that cannot be read as its task.
    """
    import json

    from engine.catalog.records import entry_record
    from scalearn_tui.children import child

    checked = _checked_before(plan, home)
    tasks = [entry_record(task) for task in plan.unread if task.data and task.key not in checked]
    if not tasks:
        return checked
    request = {"tasks": tasks, "data_dir": str(plan.data_dir) if plan.data_dir else None}
    opened: Rows = child.document("engine.data.peek", stdin=json.dumps(request))
    return checked | opened


def incomplete_notes(plan: Plan, rows: Mapping[str, Mapping[str, int]]) -> list[str]:
    """A line for each task whose official splits are here in part."""
    from engine.reports.run_results import incomplete

    parts = {task.key: incomplete(task, rows.get(task.key, {})) for task in plan.unread}
    return [f"{key}: {text}" for key, text in parts.items() if text]


def _checked_before(plan: Plan, home: Home) -> Rows:
    """The users' own tasks all of whose rows were checked when they were added and are the same today."""
    from engine.catalog.task import OwnData
    from engine.own_benchmarks.stored import read_stored

    own = [task for task in plan.unread if isinstance(task.data, OwnData)]
    stored = read_stored(home.benchmarks).stored if own else {}
    known = {key: identity for entry in stored.values() for key, identity in entry.data.items()}
    return {task.key: task.official_sizes for task in own if known.get(task.key, "") == plan.data.get(task.key)}
