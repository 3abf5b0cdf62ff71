"""``queue``: what waits, in which order and why; pausing it, and letting a run go first."""

from __future__ import annotations

from typing import Annotated

import typer

from scalearn_tui.cli.choosing import choose
from scalearn_tui.cli.exits import ExitCode
from scalearn_tui.cli.flags import MOST_URGENT, Json, RunArguments
from scalearn_tui.cli.output import print_json, print_line, print_table, say
from scalearn_tui.cli.usage import Commands
from scalearn_tui.cli.watching import ensure_supervised, look
from scalearn_tui.text.queue import paused_notice

app = Commands(help="What waits to start, in which order and why; pause it, let a run go first.", no_args_is_help=True)


@app.command("ls")
def ls(as_json: Json = False) -> int:
    """List queued runs in the order in which they start, and what each waits for."""
    from engine.launch.executors import EXECUTORS
    from engine.launch.queue import is_paused, waiting

    reader = look()
    ensure_supervised(reader)
    waits = waiting(reader, {name: make(reader.home) for name, make in EXECUTORS.items()})
    if as_json:
        fields = ("id", "method", "backbone", "target", "seed")
        queued = [
            {**{name: getattr(one.run, name) for name in fields}, "priority": one.priority, "waits_for": one.waits_for}
            for one in waits
        ]
        print_json({"paused": is_paused(reader.home), "queued": queued})
    elif waits:
        rows = [
            (one.run.id, one.run.method, one.run.target, str(one.run.seed), str(one.priority), one.waits_for) for one in waits
        ]
        print_table(("run", "method", "target", "seed", "priority", "waits for"), rows, right=("seed", "priority"))
    else:
        say(f"nothing is queued; {paused_notice(reader.home) or '`scalearn ls` lists the runs'}")
    return ExitCode.OK


@app.command("pause")
def pause() -> int:
    """Start nothing more, whatever is asked for, until `scalearn queue resume`. Running runs go on."""
    from engine.files.home import Home
    from engine.launch.queue import pause

    home = Home.default()
    home.make()
    pause(home)
    say("paused; running runs go on, and `scalearn queue resume` lets the others start")
    return ExitCode.OK


@app.command("resume")
def resume() -> int:
    """End a pause: queued runs start again."""
    from engine.launch.queue import is_paused, proceed

    reader = look()
    if not is_paused(reader.home):
        say("the queue is not paused")
        return ExitCode.OK
    proceed(reader.home)
    say("queued runs start again")
    ensure_supervised(reader)
    return ExitCode.OK


@app.command("move")
def move(
    runs: RunArguments,
    priority: Annotated[
        int,
        typer.Option(
            "--priority", metavar="N", min=-MOST_URGENT, max=MOST_URGENT, help="Higher ones start first; others have 0."
        ),
    ],
) -> int:
    """Let queued runs start earlier or later than others; the sources that they wait for come with them."""
    from engine.files.home import Home
    from engine.registry.opening import open_reader
    from engine.registry.store import open_store

    home = Home.default()
    # Before the store, which makes a registry where there is none.
    chosen = choose(open_reader(home), runs)
    moved = open_store(home).prioritise([run.id for run in chosen.runs], priority)
    chosen.tell([run for run in chosen.runs if run.id in moved], "are queued")
    for run in chosen.runs:
        if run.id in moved:
            print_line(f"{run.id}  priority {priority}")
        elif not chosen.selected:
            say(f"run {run.id} is not queued: {run.state}")
    return ExitCode.OK if moved else ExitCode.NOTHING_MATCHED
