"""``gc``: free disk that no rule of retention keeps."""

from __future__ import annotations

import os
from typing import Annotated, Any

from scalearn_tui.cli.exits import ExitCode
from scalearn_tui.cli.flags import Json, switch
from scalearn_tui.cli.output import print_json, print_table, say

TOKENS_UNUSED = "30d"


def gc(
    dry_run: Annotated[bool, switch("--dry-run", help="Show what would be freed and free nothing.")] = False,
    as_json: Json = False,
) -> int:
    """Free files that no run needs: of deleted runs, of writes that never ended, outdated copies, unused tokens.

    Results, best checkpoints, logs and evidence of every run stay, and so does all that links lead to.
    """
    from engine.files.home import Home

    home = Home.default()
    if not home.database.exists() and not os.environ.get("SCALEARN_DB"):
        say(f"nothing to free: there is no registry in {home.root}")
        return ExitCode.OK
    from engine.registry.records import ACTIVE
    from engine.registry.retention import free, surplus
    from engine.registry.store import open_store
    from scalearn_tui.cli.control import report_remains
    from scalearn_tui.cli.data import free_tokens

    store = open_store(home)
    found = surplus(store)
    freed, left = (found, []) if dry_run else free(store, found)
    tokens = free_tokens(home, [run.parsed for run in store.runs(states=ACTIVE)], TOKENS_UNUSED, dry_run)
    rows = [{"kind": one.kind, "path": str(one.path), "bytes": one.bytes} for one in freed]
    rows += [{"kind": "tokens", "path": str(home.tokens / entry["name"]), "bytes": entry["bytes"]} for entry in tokens]
    if rows or as_json or not left:
        _print(rows, dry_run, as_json)
    return report_remains(left)


def _print(rows: list[dict[str, Any]], dry_run: bool, as_json: bool) -> None:
    from rich.filesize import decimal

    total = sum(row["bytes"] for row in rows)
    if as_json:
        print_json({"freed": rows, "bytes": total, "dry_run": dry_run})
    elif rows:
        cells = [(row["kind"], row["path"], decimal(row["bytes"])) for row in rows]
        print_table(("what", "where", "size"), [*cells, ("total", "", decimal(total))], right=("size",))
        say("nothing was freed; without --dry-run this is" if dry_run else f"{decimal(total)} freed")
    else:
        say("nothing to free")
