"""``predict``: labels for new texts from a completed run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from scalearn_tui.cli.exits import ExitCode
from scalearn_tui.cli.flags import RunArgument, home_catalog
from scalearn_tui.cli.output import print_line, say

if TYPE_CHECKING:
    from engine.registry.store import Store
    from engine.registry.tables import Run

STDIN = "-"


def predict(
    run: RunArgument,
    file: Annotated[str, typer.Argument(metavar="[FILE]", help="JSON lines; - (the default) is standard input.")] = STDIN,
    task: Annotated[str | None, typer.Option(metavar="TASK", help="The task to label for, of a joint run.")] = None,
    split: Annotated[
        str | None, typer.Option(metavar="SPLIT", help="What the run answered on its own test or dev, with gold labels.")
    ] = None,
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
    if split is not None:
        if file != STDIN:
            raise UserError("--split writes what the run answered on its own rows; leave out the file, or --split")
        _write_own_answers(store, found, key, split)
        return ExitCode.OK
    if file != STDIN and not Path(file).is_file():
        raise UserError(f"{file} is not a file; name one with a JSON object on each line, or - for standard input")
    if file == STDIN and sys.stdin.isatty():
        say("reading JSON lines from the terminal; Ctrl-D ends them")
    store.close()
    child.pass_through("engine.inference.predict", "--home", str(store.home.root), "--task", key, found.id, "--", file)
    return ExitCode.OK


def _write_own_answers(store: Store, run: Run, key: str, split: str) -> None:
    """One JSON object per example, from the run's evidence. Raises UserError where that is not kept."""
    import json

    from engine.errors import UserError
    from engine.reports.answers import answers
    from engine.reports.evidence import evidence_of

    known = run.parsed.known_task(key, home_catalog())
    if known is None:
        raise UserError(f"the task {key} of run {run.id} is not known here; add its benchmark first")
    for answer in answers(known, evidence_of(store, run, key, split)):
        print_line(json.dumps(answer))


def _task(run: Run, name: str | None) -> str:
    """The key of the task to predict: the only one, or the one of a joint run that ``name`` is the key or the end of."""
    from engine.errors import UserError

    if name is None and len(run.tasks) > 1:
        raise UserError(f"run {run.id} learned several tasks; name one with --task: {', '.join(run.tasks)}")
    fitting = [key for key in run.tasks if name is None or name.lower() in (key, key.partition("/")[2])]
    if len(fitting) != 1:
        raise UserError(f"--task {name} is {'ambiguous' if fitting else 'no task'} of run {run.id}: {', '.join(run.tasks)}")
    return fitting[0]
