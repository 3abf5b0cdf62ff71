"""A SQLite registry whose file is damaged: how that is noticed, and what can be done."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from pathlib import Path

from engine.errors import UserError

BACKUPS = "registry.before-*.sqlite"
"""Copies of the registry, beside it, that migrations made."""
PRIMARY = 0xFF
"""The part of SQLite's error codes that is the kind of an error."""
KINDS = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
WORDS = ("no such table", "no such column", "Could not decode to UTF-8")
"""In errors of the kind "error" that a complete file never gives."""


class Damaged(UserError):
    """The registry's file is damaged; the message says what brings it back."""

    def __init__(self, database: Path, why: str) -> None:
        copies = backups(database.parent)
        restore = f", `scalearn db restore` brings back {described(copies[0])}" if copies else ""
        advice = f"`scalearn db recover` saves what can be read{restore}"
        super().__init__(f"the registry {database} is damaged ({why}); {advice}", exit_code=1)


def is_damage(error: BaseException) -> bool:
    """Whether an error of SQLite means that the file is damaged; not of one that is locked or cannot be written."""
    if not isinstance(error, sqlite3.Error):
        return False
    kind = getattr(error, "sqlite_errorcode", 0) & PRIMARY
    return kind in KINDS or any(word in str(error) for word in WORDS)


def backups(root: Path) -> list[Path]:
    """The copies of the registry in a home, the newest first."""
    return sorted(root.glob(BACKUPS), key=lambda path: path.stat().st_mtime, reverse=True)


def described(backup: Path) -> str:
    """``registry.before-0003.sqlite of 2026-01-31``."""
    return f"{backup.name} of {datetime.fromtimestamp(backup.stat().st_mtime):%Y-%m-%d}"
