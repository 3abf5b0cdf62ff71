"""``stop`` and ``resume``, requests that the supervisor and the worker read, and ``delete``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

from scalearn_tui.cli.choosing import Chosen, choose, listed
from scalearn_tui.cli.exits import ExitCode
from scalearn_tui.cli.flags import RunArguments, switch
from scalearn_tui.cli.output import complain, confirmed, print_line, say
from scalearn_tui.text.glyphs import state_word

if TYPE_CHECKING:
    from engine.files.removal import Remains
    from engine.registry.store import Store


def stop(runs: RunArguments) -> int:
    """Stop runs. A running run saves its state first, so that `scalearn resume` continues it."""
    from engine.launch.supervision import ensure_supervisor

    store, chosen = _find(runs)
    active = [run for run in chosen.runs if run.state.active]
    chosen.tell(active, "can be stopped")
    for run in chosen.runs if not chosen.selected else ():
        if not run.state.active:
            say(f"run {run.id} has ended already: {run.state}")
    if not active:
        return ExitCode.NOTHING_MATCHED
    store.request_stop([run.id for run in active])
    ensure_supervisor(store.home)
    # A queued run may have started in the meantime.
    now = {run.id: run for run in store.runs(ids=[run.id for run in active])}
    for run in active:
        print_line(f"{run.id}  {state_word(now.get(run.id, run))}")
    return ExitCode.OK


def resume(runs: RunArguments) -> int:
    """Continue failed, stopped or lost runs, and the sources that they wait for, from their last checkpoints.

    Work on the queue begins again if its supervisor was stopped.
    """
    from engine.launch.supervision import ensure_supervisor, is_stopped
    from engine.registry.records import RunState

    store, chosen = _find(runs)
    over = [run for run in chosen.runs if run.state.over]
    stopped = is_stopped(store.home)
    if over or not stopped:
        chosen.tell(over, "can be resumed")
    for run in chosen.runs if not chosen.selected else ():
        if run.state is RunState.COMPLETED:
            say(f"run {run.id} is completed; there is nothing to resume")
        elif run.state.active:
            say(f"run {run.id} is {run.state}")
    unfinished = [run.id for run in chosen.runs if run.state is not RunState.COMPLETED]
    if not unfinished:
        return ExitCode.OK
    queued = store.requeue(unfinished)
    ensure_supervisor(store.home)
    if stopped:
        say("the supervisor was stopped; it works on the queue again")
    for run_id in queued:
        print_line(f"{run_id}  {RunState.QUEUED}")
    if over:
        say(f"next: scalearn logs -f {over[0].id}" if queued else "nothing was resumed: the runs changed meanwhile")
    return ExitCode.OK


def delete(
    runs: RunArguments, yes: Annotated[bool, switch("--yes", "-y", help="Do not ask; required without a terminal.")] = False
) -> int:
    """Delete runs with their results, logs and checkpoints. This cannot be undone; asking for them again trains anew.

    What links lead to is kept. Exit code 1 where files are left that could not be removed.
    """
    store, chosen = _find(runs)
    doomed = (f"{len(chosen.runs)} runs: " if chosen.runs[1:] else "") + listed(chosen.runs)
    if yes and chosen.selected:
        say(f"deleting {doomed}")
    elif not (yes or confirmed(f"this deletes {doomed}", f"Delete {doomed}? This cannot be undone.")):
        return ExitCode.INTERRUPTED
    left = store.delete([run.id for run in chosen.runs])
    for run in chosen.runs:
        print_line(f"{run.id}  deleted")
    return report_remains(left)


def report_remains(left: Sequence[Remains]) -> int:
    """Say which files are still there; FAILURE where some could not be removed."""
    for remains in left:
        if remains.why is None:
            say(f"only the link to {remains.path} was removed; what lies there is yours to remove")
    stuck = [remains for remains in left if remains.why is not None]
    if not stuck:
        return ExitCode.OK
    more = f" and {len(stuck) - 1} more" if stuck[1:] else ""
    complain(f"{stuck[0].path}{more} could not be removed ({stuck[0].why}); remove by hand")
    return ExitCode.FAILURE


def _find(words: list[str]) -> tuple[Store, Chosen]:
    from engine.files.home import Home
    from engine.registry.opening import open_reader
    from engine.registry.store import open_store

    home = Home.default()
    # Before the store, which makes a registry where there is none.
    chosen = choose(open_reader(home), words)
    return open_store(home), chosen
