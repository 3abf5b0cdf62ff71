"""What a home keeps, and what is surplus by these rules.

Kept: everything of runs that the registry knows but a ``last`` checkpoint of completed ones, examples that evidence of a run
names, the newest copies of the registry, and files being written. All of queued and live runs is kept, and all behind a link.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.files.home import Home
from engine.files.removal import ASIDE, Remains, remove
from engine.registry.damage import backups
from engine.registry.records import RunState
from engine.registry.store import Store

BACKUPS_KEPT = 3
UNFINISHED_AFTER = 86_400.0
"""Seconds since the last write after which an unfinished file belongs to no process."""
UNFINISHED = re.compile(r"\..+\.[0-9a-f]{8}(-wal|-shm|-journal)?|exit-\d+\.json\.tmp")
"""Names of drafts (``engine.files.disk.atomic_write``) and of the records of workers' ends."""
UNKNOWN = "folder of no run"


@dataclass(frozen=True)
class Surplus:
    """A file or folder that no rule keeps."""

    kind: str
    path: Path
    bytes: int


def surplus(store: Store) -> list[Surplus]:
    """What can be freed, by kind."""
    runs, home = store.runs(), store.home
    completed = [run.id for run in runs if run.state is RunState.COMPLETED]
    ended = [home.run(run.id) for run in runs if not run.state.active]
    found = [
        *((UNKNOWN, path) for path in _unknown(home.runs, {run.id for run in runs})),
        *(("deleted run", path) for path in _entries(home.runs) if path.name.startswith(ASIDE)),
        *(("last checkpoint", path) for path in (home.checkpoint(run_id, "last") for run_id in completed) if path.is_file()),
        *(("unfinished file", path) for path in _unfinished(home, ended)),
        *(("registry copy", path) for path in backups(home.root)[BACKUPS_KEPT:]),
    ]
    # A live run names its examples only after it has found or written them.
    if not any(run.state.live for run in runs):
        used = {home.evidence_rows(sha256) for sha256 in store.named_examples()}
        kept = [path for path in _entries(home.examples) if not path.name.startswith(".")]
        found += [("examples of no evidence", path) for path in kept if path not in used]
    return [Surplus(kind, path, _bytes(path)) for kind, path in dict.fromkeys(found) if not _is_linked(path, home.root)]


def free(store: Store, found: Sequence[Surplus]) -> tuple[list[Surplus], list[Remains]]:
    """Remove what ``surplus`` found; what was removed, and what of the rest is left."""
    folders = [one.path for one in found if one.kind == UNKNOWN]
    aside = store.set_aside_unknown(folders)
    freed, left = [], []
    for one in found:
        path = aside.get(one.path) if one.kind == UNKNOWN else one.path
        remains = remove(path) if path else []
        left += remains
        if path and not any(remains.why for remains in remains):
            freed.append(one)
    return freed, left


def _unknown(folder: Path, known: set[str]) -> list[Path]:
    """Folders of no run; none where no folder is of a run: then this is likely another registry than theirs."""
    folders = [path for path in _entries(folder) if path.is_dir() and not path.name.startswith(".")]
    unknown = [path for path in folders if path.name not in known]
    return unknown if len(unknown) < len(folders) else []


def _unfinished(home: Home, ended: Sequence[Path]) -> Iterator[Path]:
    """Drafts in the home, beside examples and embeddings and anywhere in folders of ``ended`` runs."""
    written_before = time.time() - UNFINISHED_AFTER
    shared = [path for folder in (home.root, home.examples, home.embeddings) for path in _entries(folder)]
    for path in (*shared, *(path for run in ended for path in run.rglob("*"))):
        if UNFINISHED.fullmatch(path.name) and path.is_file() and path.lstat().st_mtime < written_before:
            yield path


def _entries(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _is_linked(path: Path, root: Path) -> bool:
    """Whether a path of the home is a link or lies behind one."""
    return any(one.is_symlink() for one in (path, *path.parents) if one.is_relative_to(root) and one != root)


def _bytes(path: Path) -> int:
    inner = path.rglob("*") if path.is_dir() else [path]
    return sum(file.lstat().st_size for file in inner if not file.is_dir())
