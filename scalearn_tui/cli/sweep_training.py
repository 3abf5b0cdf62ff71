"""From a planned sweep to what is shown of it, to its registration, and to how its runs ended."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from scalearn_tui.cli.choosing import registered_sweep
from scalearn_tui.cli.exits import ExitCode
from scalearn_tui.cli.output import print_json, say
from scalearn_tui.text.sweeps import BY, words

if TYPE_CHECKING:
    from engine.catalog.catalog import Catalog
    from engine.plans.planner import Plan
    from engine.registry.reading import Reader
    from engine.registry.records import RunState, Sweep
    from engine.registry.store import Store
    from engine.runs.placement import Placement
    from engine.sweeps.cells import Cell
    from engine.sweeps.planning import Difference, PlannedSweep


def show_plan_of(planned: PlannedSweep, reader: Reader, catalog: Catalog, as_json: bool) -> int:
    """Every run that the sweep needs. Returns the exit code."""
    from scalearn_tui.cli.plan import show_plan

    opened = _say_notes(planned.plan, reader)
    states = {run.run_id: run.existing.state for run in planned.plan.runs if run.existing}
    _say_counts(planned.cells, states, planned.declaration.name)
    return show_plan(planned.plan, opened, reader, catalog, as_json, planned.later)


def register(planned: PlannedSweep, reader: Reader, asked: str, advice: str) -> Store:
    """Keep what the sweep asks for; the registry that does.

    Raises UserError with ``advice`` where what was ``asked`` for lacks cells of the sweep of this name; they are let go of
    without it.
    """
    from engine.files.home import Home
    from engine.registry.store import open_store
    from engine.sweeps.planning import difference, refuse_loss

    name = planned.declaration.name
    registered = reader.sweep(name)
    found = difference(planned, registered)
    if registered and advice:
        refuse_loss(found, registered, asked, advice)
    store = open_store(Home.default())
    _say_notes(planned.plan, reader)
    store.register(planned.record())
    if registered and (found.added or found.orphaned):
        say(f"{name}: {changes(found)}")
    return store


def train(planned: PlannedSweep, chosen: Plan, store: Store, detach: bool, as_json: bool, placement: Placement) -> int:
    """Have the ``chosen`` runs trained, and those that tuning chooses, and show the sweep. Returns the exit code."""
    from engine.sweeps.cells import from_records
    from engine.sweeps.winners import is_done
    from scalearn_tui.cli.sweep_tuning import follow_chosen
    from scalearn_tui.cli.working_off import work_off

    declared = planned.declaration
    if chosen.runs and not work_off(chosen, store, detach, as_json, placement, declared.tags):
        return ExitCode.INTERRUPTED
    if declared.tune and not detach and not follow_chosen(declared.name, store, as_json):
        return ExitCode.INTERRUPTED
    registered = registered_sweep(declared.name, store)
    states = store.states([cell["run"] for cell in registered.cells])
    show_sweep(registered, BY, states, store, as_json)
    if declared.tune:
        done = is_done(from_records(registered.cells), store)
    else:
        done = all(states.get(run.run_id) == "completed" for run in chosen.runs if run.role == "target")
    return ExitCode.OK if detach or done else ExitCode.UNSUCCESSFUL


def show_sweep(sweep: Sweep, by: Sequence[str], states: dict[str, RunState], reader: Reader, as_json: bool) -> None:
    """How many cells are in each state, by two aspects; of a tuned sweep also what was tried and chosen."""
    from engine.sweeps.cells import from_records
    from engine.sweeps.winners import searches_of
    from scalearn_tui.cli.sweep_grid import print_grid, sweep_record
    from scalearn_tui.cli.sweep_tuning import print_tuned, tuning_record

    cells = from_records(sweep.cells)
    searches = searches_of(cells, reader)
    if as_json:
        print_json({"sweep": sweep_record(sweep, by, states) | tuning_record(searches)})
        return
    if searches:
        print_tuned(cells, searches, by, states)
    else:
        print_grid(cells, by, states)
    _say_counts(cells, states, sweep.name)


def changes(found: Difference) -> str:
    return f"{len(found.added)} added, {len(found.orphaned)} no longer asked for, {found.kept} as before"


def _say_notes(plan: Plan, reader: Reader) -> Any:
    """Say what was decided for the user; the rows of the files that the plan's runs read."""
    from scalearn_tui.children.data_files import incomplete_notes, open_files

    opened = open_files(plan, reader.home)
    for note in (*plan.notes, *incomplete_notes(plan, opened)):
        say(note)
    return opened


def _say_counts(cells: Sequence[Cell], states: dict[str, RunState], name: str) -> None:
    from engine.sweeps.cells import counted

    say(f"{name}: {len(cells)} cells, {words(counted(cells, states))}")
