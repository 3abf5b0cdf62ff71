"""``wait``: until runs have ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from engine.errors import UserError
from scalearn_tui.cli.choosing import choose, registered_sweep
from scalearn_tui.cli.exits import ExitCode
from scalearn_tui.cli.flags import RUNS_HELP
from scalearn_tui.cli.output import print_line, say
from scalearn_tui.cli.watching import keep_supervised, look, unfinished

if TYPE_CHECKING:
    from engine.registry.reading import Reader
    from engine.registry.records import Run


RunsOrNone = Annotated[list[str] | None, typer.Argument(metavar="RUN...", help=RUNS_HELP)]


def wait(
    runs: RunsOrNone = None,
    sweep: Annotated[str | None, typer.Option("--sweep", metavar="NAME", help="Wait for all runs of a sweep.")] = None,
) -> int:
    """Wait until runs have ended, with a line for each. Exit code 0 when all of them are completed, otherwise 4.

    Then run the command `on_end` of config.toml, if it has one. Ctrl-C ends only the waiting.
    """
    from engine.files.config import read_config
    from engine.registry.records import RunState

    reader = look()
    on_end = read_config(reader.home).on_end
    awaited = _awaited(runs, sweep, reader)
    ended = _watch(reader, awaited)
    while sweep and (chosen := _chosen(sweep, awaited, reader)):
        ended += _watch(reader, chosen)
        awaited = _awaited(None, sweep, reader)
    # Those that were deleted meanwhile are watched no longer.
    completed = sum(run.state is RunState.COMPLETED or bool(sweep and _is_tried(run)) for run in ended)
    code = ExitCode.OK if completed == len(awaited) else ExitCode.UNSUCCESSFUL
    if sweep:
        _say_missing(sweep, len(awaited) - len(ended), len(awaited), reader)
    if on_end:
        _run_on_end(on_end, code, completed, len(awaited))
    return code


def _awaited(runs: list[str] | None, sweep: str | None, reader: Reader) -> list[str]:
    """The ids of the runs that are meant; of a sweep's cells, also of those that have no run."""
    if bool(runs) == bool(sweep):
        raise UserError("name runs, or a sweep by --sweep NAME; for runs of a sweep, add the term sweep:NAME")
    if sweep:
        return [cell["run"] for cell in registered_sweep(sweep, reader).cells]
    return [run.id for run in choose(reader, runs or ()).runs]


def _chosen(sweep: str, awaited: list[str], reader: Reader) -> list[str]:
    """The runs of settings that tuning has chosen since, which are queued if they are not yet."""
    from engine.sweeps.advance import advance

    advance(reader.home, sweep)
    return [run for run in _awaited(None, sweep, reader) if run not in awaited]


def _say_missing(sweep: str, missing: int, of: int, reader: Reader) -> None:
    """Say what is to be done about cells without a run."""
    from engine.sweeps.cells import from_records
    from engine.sweeps.winners import searches_of

    searches = searches_of(from_records(registered_sweep(sweep, reader).cells), reader)
    hopeless = sum(len(search.chosen) for search in searches if search.over and search.winner is None)
    if hopeless:
        say(f"{hopeless} of {of} cells of {sweep} get no run: all settings diverged; see `scalearn sweep show {sweep}`")
    if missing > hopeless:
        say(f"{missing - hopeless} of {of} cells of {sweep} have no run; `scalearn sweep run {sweep}` trains them")


def _is_tried(run: Run) -> bool:
    """Whether it tried a setting in vain, which is all that its sweep asked for."""
    return run.parsed.dev_only and run.diverged


def _watch(reader: Reader, awaited: list[str]) -> list[Run]:
    """Wait for those that exist; a line for each as it ends."""
    from scalearn_tui.cli.live import Watch, until_over

    def tell_ended(changes: list[tuple[Run, Run]]) -> None:
        for before, now in changes:
            if before.state.active and not now.state.active:
                _tell(now)

    watch = Watch(reader, awaited)
    for run in watch.runs.values():
        if not run.state.active:
            _tell(run)
    if not watch.over:
        left = [run for run in watch.runs.values() if run.state.active]
        say(f"waiting for {unfinished(len(left))}; Ctrl-C ends only the waiting")
        care = keep_supervised(reader)
        care()
        until_over(watch, care, tell_ended)
    return list(watch.runs.values())


def _tell(ended: Run) -> None:
    from scalearn_tui.cli.live import name_of, state_line
    from scalearn_tui.text.glyphs import state_glyph

    print_line(f"{state_glyph(ended.state)} {name_of(ended)}  {state_line(ended)}")


def _run_on_end(command: str, code: ExitCode, completed: int, of: int) -> None:
    """Run the user's command, which learns how the runs ended by its environment; its own end changes nothing."""
    from scalearn_tui.children.child import run_command

    facts = {"SCALEARN_EXIT_CODE": str(int(code)), "SCALEARN_COMPLETED": str(completed), "SCALEARN_RUNS": str(of)}
    if ended := run_command(command, facts):
        say(f"on_end of config.toml ended with code {ended}: {command}")
