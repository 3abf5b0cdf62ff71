"""Versions of the schema, told apart without the libraries that migrate it."""

from __future__ import annotations

from pathlib import Path

from engine.files.home import Home

MIGRATIONS = Path(__file__).parent / "migrations"
HEAD = "0007"
"""The version that this code reads and writes: the newest file of ``migrations/versions``."""


def is_newer(version: str | None) -> bool:
    """Whether a version, None where there are no tables, was made by later code than this."""
    return version not in (None, *(path.name.split("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py")))


def newer(home: Home, version: str | None) -> str:
    """The beginning of a message."""
    return f"the registry in {home.root} is of a newer version ({version})"
