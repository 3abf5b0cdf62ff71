"""``tag`` and ``note``: words of the user's own, by which runs are found again."""

from __future__ import annotations

from typing import Annotated

import typer

from engine.errors import UserError
from scalearn_tui.cli.choosing import choose
from scalearn_tui.cli.exits import ExitCode
from scalearn_tui.cli.flags import RunArgument, RunArguments, switch
from scalearn_tui.cli.output import print_line, say

LONGEST_NOTE = 2000
"""Characters."""


def tag(
    runs: RunArguments,
    add: Annotated[
        list[str] | None, typer.Option("--add", metavar="TAG", help="A word, as in --add paper; repeatable.")
    ] = None,
    remove: Annotated[list[str] | None, typer.Option("--remove", metavar="TAG", help="A tag to take off; repeatable.")] = None,
) -> int:
    """Give runs tags, or take them off. `scalearn ls tag:paper` lists the runs that have one."""
    from engine.files.home import Home
    from engine.registry.opening import open_reader
    from engine.registry.store import open_store
    from engine.runs.tags import check_tag

    if not (add or remove):
        raise UserError("name a tag, as in --add paper or --remove draft")
    added = [check_tag(name) for name in add or ()]
    home = Home.default()
    ids = [run.id for run in choose(open_reader(home), runs).runs]
    store = open_store(home)
    store.tag(ids, added, remove or ())
    tags = store.tags(ids)
    for run_id in ids:
        print_line(f"{run_id}  {' '.join(tags.get(run_id, ()))}".rstrip())
    return ExitCode.OK


def note(
    run: RunArgument,
    text: Annotated[str | None, typer.Argument(metavar="TEXT", help="Replaces the note that the run has.")] = None,
    remove: Annotated[bool, switch("--remove", help="Remove the note.")] = False,
) -> int:
    """Write down what is worth knowing about a run; `scalearn show RUN` has it."""
    from engine.files.home import Home
    from engine.registry.opening import open_reader
    from engine.registry.store import open_store

    if (text is None) is not remove:
        raise UserError('write a note, as in scalearn note RUN "lost its warm-up", or remove it with --remove')
    if text is not None and len(text) > LONGEST_NOTE:
        raise UserError(f"a note has at most {LONGEST_NOTE} characters, not {len(text)}")
    home = Home.default()
    found = open_reader(home).find(run)
    open_store(home).note(found.id, text)
    say(f"run {found.id} has {'no note' if remove else 'a new note'}")
    return ExitCode.OK
