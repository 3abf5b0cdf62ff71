"""The tables of the papers as sweeps, which are files beside this one."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from itertools import takewhile
from pathlib import Path
from typing import Any

from engine.errors import UserError, did_you_mean
from engine.sweeps.declaration import Declaration, parse_sweep
from engine.sweeps.writing import table_text

FOLDER = Path(__file__).parent / "shipped"
SMALL: Mapping[str, Any] = {"seeds": 0, "epochs": 1, "limits": {"train": 100, "dev": 50, "test": 100}}
"""What the small budget has in place of a table's own seeds, epochs and examples."""


def paper_tables() -> list[str]:
    return sorted(file.stem for file in FOLDER.glob("*.toml"))


def paper_table(table: str, changes: Mapping[str, Any]) -> Declaration:
    """The sweep of a table, with ``changes`` in place of what its file and the file's parts have. Raises UserError."""
    if table not in paper_tables():
        raise UserError(f"no table {table[:40]!r}{did_you_mean(table, paper_tables())}; there are {', '.join(paper_tables())}")
    file = FOLDER / f"{table}.toml"
    text = file.read_text()
    declared = tomllib.loads(text)
    parts = [{key: value for key, value in part.items() if key not in changes} for part in declared.get("part", [])]
    changed = {**declared, **changes, **({"part": parts} if parts else {})}
    comment = "".join(takewhile(lambda line: line.startswith("#"), text.splitlines(keepends=True)))
    return parse_sweep(comment + table_text(changed), file)
