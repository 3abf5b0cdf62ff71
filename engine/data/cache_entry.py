"""Entries of the token cache: folders that appear by one rename, never change, and are held by the processes that read them.

An entry is locked through its own ``card.json``: a reader holds a shared lock until its process ends, removal needs an
exclusive one. So no process waits for a reader, and deleting the whole cache by hand costs only time.
"""

from __future__ import annotations

import json
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
from engine.errors import UserError
from engine.files.disk import file_digest, lock_shared, locked, sync, try_lock

log = logging.getLogger(__name__)
CARD, DIGESTS = "card.json", "digests.json"
LAYOUT_VERSION = 4
"""Version of the entries' layout, part of every key; templates and tokenization have theirs in ``engine.catalog.versions``."""
DEFINITION = (
    "key", "kind", "template", "columns", "label_column", "labels", "max_length", "truncate", "config", "official_splits",
)  # fmt: skip
"""The fields of a task that determine its tokens."""


class Hold:
    """Keeps an entry from being freed as long as this object lives."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def __del__(self) -> None:
        os.close(self._descriptor)


def definition_of(task: TaskInfo) -> dict[str, Any]:
    """The fields ``DEFINITION`` in the form of a card, versions above 1, and how a user's own rows are read."""
    own = {"own": task.data.definition} if isinstance(task.data, OwnData) else {}
    return {name: getattr(task, name) for name in DEFINITION} | versions_of(task) | own


def hold_entry(folder: Path, build: Callable[[Path], None]) -> Hold:
    """Hold the entry, after ``build`` has filled it if it does not exist or is damaged.

    ``build`` gets an empty folder and writes a card to it. Of several processes that need an entry one builds, the others wait.
    Raises UserError for a damaged entry that another process reads.
    """
    while True:
        if not (folder / CARD).is_file():
            _build(folder, build)
        hold = _hold(folder)
        if hold and _is_intact(folder):
            return hold
        if hold:
            log.warning("%s is damaged; its texts are tokenized again", folder)
            del hold
            if not free_entry(folder) and (folder / CARD).is_file():
                raise UserError(f"{folder} is damaged, and another process reads it; end that one, or remove the folder")


def free_entry(folder: Path, dry_run: bool = False) -> bool:
    """Remove an entry unless a process reads it; returns whether it was, or with ``dry_run`` would be, removed."""
    try:
        descriptor = try_lock(folder / CARD, create=False)
    except FileNotFoundError:
        return False
    if descriptor is None:
        return False
    try:
        if dry_run:
            return True
        # A process that waits for the lock must find the entry removed as a whole, not in part.
        trash = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}-"))
        os.rename(folder, trash / folder.name)
    except FileNotFoundError:
        return False
    finally:
        os.close(descriptor)
    shutil.rmtree(trash, ignore_errors=True)
    return True


def _hold(folder: Path) -> Hold | None:
    """The entry under a shared lock, its time of use updated; None if it was removed before the lock was acquired."""
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
        log.debug("the time of use of %s cannot be updated", folder)
    return hold


def _is_intact(folder: Path) -> bool:
    """Whether the files are those that were written."""
    try:
        written = json.loads((folder / DIGESTS).read_text())
        return all(file_digest(folder / name) == sha256 for name, sha256 in written.items())
    except (OSError, ValueError, AttributeError):
        return False


def _build(folder: Path, build: Callable[[Path], None]) -> None:
    """Build in a temporary folder that is renamed to ``folder`` on success."""
    prefix = f".{folder.name}-"
    waiting = partial(log.info, "another process is tokenizing %s; waiting for it", folder.name)
    with locked(folder.parent / f".{folder.name}.lock", waiting):
        if (folder / CARD).is_file():
            return
        # The lock is exclusive, so these are remains of a process that died, or of an interrupted copy.
        for remains in (folder, *folder.parent.glob(f"{prefix}*")):
            shutil.rmtree(remains, ignore_errors=True)
        unfinished = Path(tempfile.mkdtemp(dir=folder.parent, prefix=prefix))
        log.info("tokenizing %s", folder.name)
        try:
            build(unfinished)
            files = [path for path in unfinished.rglob("*") if path.is_file()]
            digests = {str(path.relative_to(unfinished)): file_digest(path) for path in files}
            (unfinished / DIGESTS).write_text(json.dumps(digests))
            # A rename may reach the disk before the files do, and after a loss of power the folder would look complete.
            for path in (*unfinished.rglob("*"), unfinished):
                sync(path)
            os.rename(unfinished, folder)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
