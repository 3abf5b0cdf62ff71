"""What is told of a tuned sweep: the settings that were tried, which of them was chosen, and its runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from scalearn_tui.cli.output import print_line, print_table, say
from scalearn_tui.text.formatting import NOTHING
from scalearn_tui.text.tuning import chosen, counted, others

if TYPE_CHECKING:
    from engine.registry.records import RunState
    from engine.registry.store import Store
    from engine.sweeps.cells import Cell
    from engine.sweeps.winners import Search

MOST = 4
"""Settings beside the chosen one that a line has room for, the best of them."""


def follow_chosen(name: str, store: Store, as_json: bool) -> bool:
    """Queue what is chosen, and watch until no run of the sweep is left; False when the user stopped watching."""
    from engine.sweeps.advance import advance
    from scalearn_tui.cli.choosing import registered_sweep
    from scalearn_tui.cli.watching import keep_supervised, unfinished
    from scalearn_tui.cli.working_off import watch

    while True:
        advance(store.home, name)
        states = store.states([cell["run"] for cell in registered_sweep(name, store).cells])
        pending = [run_id for run_id, state in states.items() if state.active]
        if not pending:
            return True
        keep_supervised(store)()
        say(f"{name}: {unfinished(len(pending))}")
        if not watch(pending, store, as_json):
            return False


def print_tuned(cells: Sequence[Cell], searches: Sequence[Search], by: Sequence[str], states: Mapping[str, RunState]) -> None:
    """A grid of the runs that try settings, one of the runs that report the chosen ones, and a line for each search."""
    from scalearn_tui.cli.sweep_grid import print_grid

    print_line(f"{counted(searches[0])}, compared on dev")
    print_grid([cell for cell in cells if cell.tuning], by, states)
    print_line()
    print_line("the best of them, with other seeds")
    print_grid([cell for cell in cells if not cell.tuning], by, states)
    print_line()
    telling = [name for name in ("shots", "backbone") if len({cell.aspect(name) for cell in cells}) > 1]
    rows = []
    for search in searches:
        cell, rest = search.chosen[0], others(search)
        shown = [cell.aspect(name) or NOTHING for name in ("method", "target", *telling)]
        told = [*rest[:MOST], *([f"{len(rest) - MOST} more in --json"] if len(rest) > MOST else [])]
        rows.append([*shown, *chosen(search), ", ".join(told)])
    print_table(["method", "target", *telling, "chosen", "dev", "others"], rows, right=("dev",), drop=("backbone",))


def tuning_record(searches: Sequence[Search]) -> dict[str, Any]:
    """The searches as JSON; nothing of a sweep that tries no settings."""
    return {"tuning": [_search_record(search) for search in searches]} if searches else {}


def _search_record(search: Search) -> dict[str, Any]:
    cell = search.chosen[0]
    return {
        "search": search.number,
        **{name: getattr(cell, name) for name in ("method", "target", "shots", "backbone")},
        "seeds": search.seeds,
        "steps": search.steps,
        "winner": search.winner,
        "tried": [asdict(trial) | {"mean": trial.mean} for trial in search.trials],
    }
