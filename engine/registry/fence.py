"""When a process may not write any more: its run has a newer attempt, or its registry is not the one that it opened."""

from __future__ import annotations

import os
import weakref

from engine.errors import UserError
from engine.files.home import Home


class Fenced(Exception):
    """A newer attempt of this run exists, or the attempt was already ended by another process: exit and publish nothing."""


class Gone(Fenced, UserError):
    """The home or the registry in it is not where it was when it was opened."""


class Replaced(Gone):
    """Another home or registry is in its place, so it will not come back."""


class Presence:
    """The folder of a home and the registry in it, as they were opened."""

    def __init__(self, home: Home) -> None:
        self._home = home
        # Held open: a folder that is made later under this name cannot have the same number. SQLite holds its file itself, and
        # would lose its locks if this process closed the file.
        folder = os.open(home.root, os.O_RDONLY)
        weakref.finalize(self, os.close, folder)
        self._folder = os.fstat(folder)
        self._database = _stat(home.database)

    def check(self) -> None:
        """Raises Gone."""
        folder, database = _stat(self._home.root), _stat(self._home.database)
        if folder is None or (database is None and self._database is not None):
            raise Gone(f"the registry in {self._home.root} is gone; bring it back, or start again")
        # A registry that was made since is the one to read.
        self._database = self._database or database
        if not os.path.samestat(folder, self._folder) or not _same(database, self._database):
            raise Replaced(f"the registry in {self._home.root} was replaced by another one; start again")


def _stat(path: os.PathLike[str]) -> os.stat_result | None:
    try:
        return os.stat(path)
    except OSError:
        return None


def _same(first: os.stat_result | None, second: os.stat_result | None) -> bool:
    return first is second is None or (first is not None and second is not None and os.path.samestat(first, second))
