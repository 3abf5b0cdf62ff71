"""``logs``: what a run's worker has written."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from scalearn_tui.cli.exits import ExitCode
from scalearn_tui.cli.flags import MOST_LINES, RunArgument, switch
from scalearn_tui.cli.output import print_line, say
from scalearn_tui.cli.watching import ensure_supervised, look

INTERVAL = 0.25
"""Seconds between two looks at the file."""


def logs(
    run: RunArgument,
    follow: Annotated[
        bool, switch("--follow", "-f", help="Print new lines until the run ends; Ctrl-C ends only the printing.")
    ] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, max=MOST_LINES, help="Number of lines from the end.")] = 200,
) -> int:
    """Print the end of a run's log."""
    from scalearn_tui.text.logs import read_on, tail

    reader = look()
    ensure_supervised(reader)
    found = reader.find(run)
    path = reader.home.log(found.id)
    texts, position = tail(path, lines)
    _print(texts)
    if not follow:
        rest, _ = read_on(path, position, to_the_end=True)
        _print(rest)
        if not texts and not rest:
            say(f"run {found.id} has written nothing yet; it is {found.state}" + (f": {found.cause}" if found.cause else ""))
        return ExitCode.OK

    try:
        while True:
            # State first: what a run wrote before its end is then in the file.
            state = reader.find(found.id).state
            ended = not state.active
            texts, position = read_on(path, position, to_the_end=ended)
            _print(texts)
            if ended:
                break
            time.sleep(INTERVAL)
    except KeyboardInterrupt:
        return ExitCode.OK
    ended_run = reader.find(found.id)
    say(f"run {ended_run.id} {ended_run.state}" + (f": {ended_run.cause}" if ended_run.cause else ""))
    return ExitCode.OK


def _print(texts: list[str]) -> None:
    for text in texts:
        print_line(text)
