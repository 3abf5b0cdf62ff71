"""``predict``: labels for new texts from a completed run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from scalearn_tui.cli.exits import ExitCode
from scalearn_tui.cli.flags import RunArgument
from scalearn_tui.cli.output import say

if TYPE_CHECKING:
    from engine.registry.tables import Run

STDIN = "-"


def predict(
    run: RunArgument,
    file: Annotated[str, typer.Argument(metavar="[FILE]", help="JSON lines; - (the default) is standard input.")] = STDIN,
    task: Annotated[str | None, typer.Option(metavar="TASK", help="The task to label for, of a joint run.")] = None,
) -> int:
    """Label new texts: reads one JSON object per line with the task's text columns, writes one per line with the answer."""
    import sys
    from pathlib import Path

    from engine.errors import UserError
    from engine.files.home import Home
    from engine.registry.store import open_store
    from engine.registry.tables import RunState
    from scalearn_tui.cli import child

    store = open_store(Home.default())
    found = store.find(run)
    if found.state is not RunState.COMPLETED:
        raise UserError(f"run {found.id} is {found.state}; only completed runs predict")
    key = _task(found, task)
    if file != STDIN and not Path(file).is_file():
        raise UserError(f"{file} is not a file; name one with a JSON object on each line, or - for standard input")
    if file == STDIN and sys.stdin.isatty():
        say("reading JSON lines from the terminal; Ctrl-D ends them")
    store.close()
    child.pass_through("engine.inference.predict", "--home", str(store.home.root), "--task", key, found.id, "--", file)
    return ExitCode.OK


def _task(run: Run, name: str | None) -> str:
    """The key of the task to predict: the only one, or the one of a joint run that ``name`` is the key or the end of."""
    from engine.errors import UserError

    if name is None and len(run.tasks) > 1:
        raise UserError(f"run {run.id} learned several tasks; name one with --task: {', '.join(run.tasks)}")
    fitting = [key for key in run.tasks if name is None or name.lower() in (key, key.partition("/")[2])]
    if len(fitting) != 1:
        raise UserError(f"--task {name} is {'ambiguous' if fitting else 'no task'} of run {run.id}: {', '.join(run.tasks)}")
    return fitting[0]
