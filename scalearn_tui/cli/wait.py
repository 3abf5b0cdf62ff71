"""``wait``: until runs have ended."""

from __future__ import annotations

from scalearn_tui.cli.choosing import choose
from scalearn_tui.cli.exits import ExitCode
from scalearn_tui.cli.flags import RunArguments
from scalearn_tui.cli.output import print_line, say
from scalearn_tui.cli.watching import keep_supervised, look, unfinished


def wait(runs: RunArguments) -> int:
    """Wait until runs have ended, with a line for each. Exit code 0 when all of them are completed, otherwise 4.

    Ctrl-C ends only the waiting.
    """
    from engine.registry.records import Run, RunState
    from scalearn_tui.cli.live import Watch, name_of, state_line, until_over
    from scalearn_tui.text.glyphs import state_glyph

    def tell(ended: Run) -> None:
        print_line(f"{state_glyph(ended.state)} {name_of(ended)}  {state_line(ended)}")

    def tell_ended(changes: list[tuple[Run, Run]]) -> None:
        for before, now in changes:
            if before.state.active and not now.state.active:
                tell(now)

    reader = look()
    chosen = choose(reader, runs)
    watch = Watch(reader, [run.id for run in chosen.runs])
    for run in watch.runs.values():
        if not run.state.active:
            tell(run)
    if not watch.over:
        left = [run for run in watch.runs.values() if run.state.active]
        say(f"waiting for {unfinished(len(left))}; Ctrl-C ends only the waiting")
        care = keep_supervised(reader.home)
        care()
        until_over(watch, care, tell_ended)
    completed = [run for run in watch.runs.values() if run.state is RunState.COMPLETED]
    # Those that were deleted meanwhile are watched no longer.
    return ExitCode.OK if len(completed) == len(chosen.runs) else ExitCode.UNSUCCESSFUL
