"""Entries of the token cache: folders that appear by one rename, never change, and are held by the processes that read them.

An entry is locked by its own ``card.json``: whoever reads the entry holds it shared until the process ends, whoever frees it
needs it alone. So nobody waits for a reader, and deleting the whole cache by hand costs only time.
"""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from engine.catalog.task import OwnData, TaskInfo
from engine.catalog.versions import versions_of
from engine.files.disk import lock_shared, locked, sync, try_lock

log = logging.getLogger(__name__)
CARD = "card.json"
LAYOUT_VERSION = 3
"""Of the layout of entries, part of every key; what tokens are made of has versions in ``engine.catalog.versions``."""
DEFINITION = (
    "key", "kind", "template", "columns", "label_column", "labels", "max_length", "truncate", "config", "official_splits",
)  # fmt: skip
"""Of a task, what determines its tokens."""


class Hold:
    """Keeps an entry from being freed as long as this object lives."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def __del__(self) -> None:
        os.close(self._descriptor)


def definition_of(task: TaskInfo) -> dict[str, Any]:
    """``DEFINITION`` as a card holds it, versions above 1, and how a user's own rows are read."""
    own = {"own": task.data.definition} if isinstance(task.data, OwnData) else {}
    return {name: getattr(task, name) for name in DEFINITION} | versions_of(task) | own


def hold_entry(folder: Path, build: Callable[[Path], None]) -> Hold:
    """Have ``build`` fill the entry unless it is there, and hold it.

    ``build`` gets an empty folder and leaves a card in it. Of processes that need the same entry one builds, the others wait.
    """
    while True:
        if not (folder / CARD).is_file():
            _make(folder, build)
        if hold := _held(folder):
            return hold


def free_entry(folder: Path, dry_run: bool = False) -> bool:
    """Remove an entry unless a process reads it; whether it was, or would be, removed."""
    try:
        descriptor = try_lock(folder / CARD, create=False)
    except FileNotFoundError:
        return False
    if descriptor is None:
        return False
    try:
        if dry_run:
            return True
        # Whoever waits for the lock must find the entry gone as a whole, not in parts.
        gone = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}-"))
        os.rename(folder, gone / folder.name)
    except FileNotFoundError:
        return False
    finally:
        os.close(descriptor)
    shutil.rmtree(gone, ignore_errors=True)
    return True


def _held(folder: Path) -> Hold | None:
    """The entry under a shared lock, with the time of use noted; None if it was freed before the lock was had."""
    try:
        descriptor = lock_shared(folder / CARD)
    except FileNotFoundError:
        return None
    hold = Hold(descriptor)
    try:
        if not os.path.samestat(os.fstat(descriptor), (folder / CARD).stat()):
            return None
    except FileNotFoundError:
        return None
    try:
        os.utime(descriptor)
    except OSError:
        log.debug("the time of use of %s cannot be noted", folder)
    return hold


def _make(folder: Path, build: Callable[[Path], None]) -> None:
    """Build in a temporary folder that becomes ``folder`` by a rename if all goes well."""
    prefix = f".{folder.name}-"
    waiting = partial(log.info, "another process is tokenizing %s; waiting for it", folder.name)
    with locked(folder.parent / f".{folder.name}.lock", waiting):
        if (folder / CARD).is_file():
            return
        # Whoever holds the lock is alone, so what lies here was left by a process that died, or by a copy that broke off.
        for left in (folder, *folder.parent.glob(f"{prefix}*")):
            shutil.rmtree(left, ignore_errors=True)
        unfinished = Path(tempfile.mkdtemp(dir=folder.parent, prefix=prefix))
        log.info("tokenizing %s", folder.name)
        try:
            build(unfinished)
            # A rename may reach the disk before the files do, and after a loss of power the folder would be taken for whole.
            for path in (*unfinished.rglob("*"), unfinished):
                sync(path)
            os.rename(unfinished, folder)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
