"""Lists and prunes the token cache: ``python -m engine.data.prune ls|prune FOLDER``.

Prints one JSON list of entries. ``prune`` removes those not used for ``--older-than`` seconds, and at any age outdated ones,
which this version never reads. ``--keep`` names the rows that queued runs will read, as JSON of ``[task, identity]`` pairs. An
entry that a process reads is never removed.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import time
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from engine.catalog.catalog import Catalog
from engine.child_main import exit_code_of
from engine.data.cache_entry import CARD, LAYOUT_VERSION, definition_of, free_entry
from engine.files.disk import folder_bytes, try_lock
from engine.files.home import Home
from engine.plugins.home_catalog import load_catalog


def entries(folder: Path, catalog: Catalog) -> list[dict[str, Any]]:
    """All entries by name: content, ``bytes``, last use (Unix time), whether this version would make the same one."""
    listed = []
    for path in sorted(folder.glob("*/")):
        try:
            card = json.loads((path / CARD).read_text())
            used = (path / CARD).stat().st_mtime
            size = folder_bytes(path)
        except (OSError, ValueError):
            # Removed at this moment, or no entry.
            continue
        splits = card.get("splits", {}).values()
        listed.append(
            {
                "name": path.name,
                "task": card["task"]["key"],
                "rows": card["rows"],
                "backbone": _backbone(card.get("backbone", "")),
                "max_length": card["task"]["max_length"],
                "sequences": sum(split["sequences"] for split in splits),
                "tokens": sum(split["tokens"] for split in splits),
                "bytes": size,
                "used": used,
                "current": _is_current(card, catalog),
            }
        )
    return listed


def prune(
    folder: Path, catalog: Catalog, older_than: float, keep: Collection[tuple[str, str]] = (), dry_run: bool = False
) -> list[dict[str, Any]]:
    """The entries that were removed, or would be. Unfinished entries of killed processes are removed too."""
    now = time.time()
    unused = [
        entry
        for entry in entries(folder, catalog)
        if not entry["current"] or (now - entry["used"] >= older_than and (entry["task"], entry["rows"]) not in keep)
    ]
    if not dry_run:
        _remove_unfinished(folder)
    return [entry for entry in unused if free_entry(folder / entry["name"], dry_run)]


def _is_current(card: dict[str, Any], catalog: Catalog) -> bool:
    """Whether this version and catalog would make the same entry; a backbone may cut texts shorter than the task does."""
    task = catalog.tasks.get(card["task"]["key"])
    if task is None or card["version"] != LAYOUT_VERSION:
        return False
    present = json.loads(json.dumps(definition_of(task)))
    return {**present, "max_length": card["task"]["max_length"]} == card["task"]


def _backbone(folder: str) -> str:
    """A name for the folder of the tokenizer: ``org/name`` in the hub's cache, else the name of the folder or package."""
    for part in Path(folder).parts:
        if part.startswith("models--"):
            return part.removeprefix("models--").replace("--", "/")
    path = Path(folder)
    return path.parent.name if path.name == "model" else path.name


def _remove_unfinished(folder: Path) -> None:
    for left in folder.glob(".*-*/"):
        lock = try_lock(folder / f"{left.name.rpartition('-')[0]}.lock")
        if lock is not None:
            shutil.rmtree(left, ignore_errors=True)
            os.close(lock)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m engine.data.prune", description="List or prune the token cache.")
    parser.add_argument("action", choices=("ls", "prune"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--older-than", type=float, default=0.0)
    parser.add_argument("--keep", type=json.loads, default=[])
    parser.add_argument("--dry-run", action="store_true")
    parser.add_argument("--home", type=Path, required=True)
    options = parser.parse_args(arguments)
    return exit_code_of(lambda: print(json.dumps(_answer(options))))


def _answer(options: argparse.Namespace) -> list[dict[str, Any]]:
    catalog = load_catalog(Home(options.home))
    if options.action == "ls":
        return entries(options.folder, catalog)
    keep = {(task, rows) for task, rows in options.keep}
    return prune(options.folder, catalog, options.older_than, keep, options.dry_run)


if __name__ == "__main__":
    sys.exit(main())
