"""``db``: bring back a registry whose file is damaged."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import UserError
from scalearn_tui.cli.exits import ExitCode
from scalearn_tui.cli.output import print_line, print_table, say
from scalearn_tui.cli.usage import Commands

if TYPE_CHECKING:
    from engine.files.home import Home

app = Commands(help="Bring back a registry whose file is damaged; `doctor` says whether it is.", no_args_is_help=True)


@app.command("recover")
def recover() -> int:
    """Make a new registry of all rows that can be read. The damaged file is kept beside it."""
    from engine.registry.recovery import recover

    home = _home()
    aside, counts = recover(home)
    print_table(("saved", "rows"), [(table, str(count)) for table, count in counts.items()], right=("rows",))
    return _report(aside)


@app.command("restore")
def restore() -> int:
    """Put the newest copy that a migration made in the place of a damaged registry, which is kept beside it."""
    from engine.registry.damage import described
    from engine.registry.recovery import restore

    aside, backup = restore(_home())
    print_line(f"{described(backup)} is the registry again; runs since then are not in it")
    return _report(aside)


def _home() -> Home:
    """The home, if its registry is a file."""
    from engine.files.home import Home

    home = Home.default()
    if os.environ.get("SCALEARN_DB"):
        raise UserError("SCALEARN_DB names a database that is not a file; use the tools of its server")
    if not home.database.exists():
        raise UserError(f"there is no registry in {home.root}; set SCALEARN_HOME to the folder of yours")
    return home


def _report(aside: Path) -> int:
    say(f"the damaged registry is kept as {aside}")
    return ExitCode.OK
