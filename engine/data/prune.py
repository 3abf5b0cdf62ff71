"""What lies in the token cache, and what of it may go: ``python -m engine.data.prune ls|prune FOLDER``.

Prints one JSON list of entries. ``prune`` frees those that were not used for ``--older-than`` seconds, and outdated ones, which
nothing asks for any more, at any age. ``--keep`` names the rows that runs are going to ask for, as JSON of ``[task, identity]``
pairs. An entry that a process reads is never freed.
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
from engine.data.cache_entry import CARD, CODE_VERSION, definition_of, free_entry
from engine.files.disk import try_lock
from engine.own_benchmarks.stored import load_catalog


def entries(folder: Path, catalog: Catalog) -> list[dict[str, Any]]:
    """All entries by name: what they hold, bytes, last use (seconds since 1970), whether the present code would make them."""
    found = []
    for path in sorted(folder.glob("*/")):
        try:
            card = json.loads((path / CARD).read_text())
            used = (path / CARD).stat().st_mtime
            size = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
        except (OSError, ValueError):
            # Freed at this moment, or no entry.
            continue
        splits = card.get("splits", {}).values()
        found.append(
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
    return found


def prune(
    folder: Path, catalog: Catalog, older_than: float, keep: Collection[tuple[str, str]] = (), dry_run: bool = False
) -> list[dict[str, Any]]:
    """The entries that were freed, or would be; what killed processes left half built goes as well."""
    now = time.time()
    old = [
        one
        for one in entries(folder, catalog)
        if not one["current"] or (now - one["used"] >= older_than and (one["task"], one["rows"]) not in keep)
    ]
    if not dry_run:
        _remove_unfinished(folder)
    return [one for one in old if free_entry(folder / one["name"], dry_run)]


def _is_current(card: dict[str, Any], catalog: Catalog) -> bool:
    """Whether the present code and catalog would make the same entry; texts may be cut shorter for a backbone's sake."""
    task = catalog.tasks.get(card["task"]["key"])
    if task is None or card["version"] != CODE_VERSION:
        return False
    present = json.loads(json.dumps(definition_of(task)))
    return {**present, "max_length": card["task"]["max_length"]} == card["task"]


def _backbone(folder: str) -> str:
    """A name for the folder that the tokenizer came from: ``org/name`` in the hub's cache, or that of the folder or package."""
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
    parser = argparse.ArgumentParser(prog="python -m engine.data.prune", description="Look after the token cache.")
    parser.add_argument("action", choices=("ls", "prune"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--older-than", type=float, default=0.0)
    parser.add_argument("--keep", type=json.loads, default=[])
    parser.add_argument("--dry-run", action="store_true")
    parser.add_argument("--own", type=Path, required=True, help="folder of the user's own benchmarks")
    options = parser.parse_args(arguments)
    return exit_code_of(lambda: print(json.dumps(_answer(options))))


def _answer(options: argparse.Namespace) -> list[dict[str, Any]]:
    catalog = load_catalog(options.own)
    if options.action == "ls":
        return entries(options.folder, catalog)
    keep = {(task, rows) for task, rows in options.keep}
    return prune(options.folder, catalog, options.older_than, keep, options.dry_run)


if __name__ == "__main__":
    sys.exit(main())
