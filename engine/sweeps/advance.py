"""The second part of tuned sweeps: the runs of a setting are queued as soon as it is the best of those that were tried.

``python -m engine.sweeps.advance --home FOLDER`` does so for all registered sweeps; a supervisor starts it when a run has ended
that tries a setting. It may be killed and repeated at any time: what is queued is found by its fingerprint.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.catalog.catalog import Catalog
from engine.child_main import exit_code_of
from engine.errors import UserError
from engine.files.home import Home
from engine.registry.opening import open_reader
from engine.registry.reading import Reader
from engine.registry.records import Sweep
from engine.sweeps.cells import Cell, as_records, from_records
from engine.sweeps.winners import searches_of, with_winners

if TYPE_CHECKING:
    from engine.registry.store import Store


def advance(home: Home, name: str | None = None) -> None:
    """Queue what is decided by now in the sweep of this name, or in all.

    Raises UserError for a sweep of which it cannot be planned, once the others are done.
    """
    reader = open_reader(home)
    sweeps = reader.sweeps() if name is None else filter(None, [reader.sweep(name)])
    decided = [(sweep, cells) for sweep in sweeps if not sweep.stopped and (cells := newly_decided(sweep, reader))]
    if not decided:
        return
    # Most calls find nothing, and need none of these.
    from engine.plugins.home_catalog import load_catalog
    from engine.registry.store import open_store

    store, catalog, mistakes = open_store(home), load_catalog(home), []
    for sweep, cells in decided:
        try:
            _queue(sweep, cells, store, catalog)
        except UserError as error:
            mistakes.append(error)
    if mistakes:
        raise mistakes[0]


def newly_decided(sweep: Sweep, reader: Reader) -> list[Cell]:
    """The cells whose setting is chosen by now, though the registry does not say so yet."""
    before = from_records(sweep.cells)
    searches = [search for search in searches_of(before, reader) if not search.chosen[0].run]
    return [now for cell, now in zip(before, with_winners(before, searches), strict=True) if now.run != cell.run]


def _queue(sweep: Sweep, decided: Sequence[Cell], store: Store, catalog: Catalog) -> None:
    from engine.plans.planner import submit
    from engine.plans.several import narrowed
    from engine.runs.placement import ANYWHERE
    from engine.sweeps.declaration import parse_sweep
    from engine.sweeps.planning import plan_sweep

    wanted = {cell.run for cell in decided}
    declared = parse_sweep(sweep.text, Path(sweep.file))
    plan = plan_sweep(declared, store, catalog).plan
    if not wanted <= {planned.run_id for planned in plan.runs}:
        raise UserError(f"what the sweep {sweep.name} reads has changed; see `scalearn sweep diff {sweep.file}`")
    # As the runs that tried settings.
    tried = [planned.existing for planned in plan.runs if planned.existing and planned.spec.dev_only]
    placement = max(tried, key=lambda run: run.priority).placement if tried else ANYWHERE
    now = store.sweep(sweep.name)
    if now is None or now.stopped:
        return
    submit(narrowed(plan, lambda planned: planned.run_id in wanted and not planned.done), store, placement)
    if declared.tags:
        store.tag(list(wanted), declared.tags)
    chosen = {cell.identity: cell for cell in decided}

    def revise(cells: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Another process may have chosen for other cells since."""
        return as_records([cell if cell.run else chosen.get(cell.identity, cell) for cell in from_records(cells)])

    store.revise_cells(sweep.name, revise)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m engine.sweeps.advance", description="Queue what tuning has chosen.")
    parser.add_argument("--home", type=Path, required=True)
    home = Home(parser.parse_args(arguments).home)
    return exit_code_of(lambda: None if home.supervisor_stopped.exists() else advance(home))


if __name__ == "__main__":
    sys.exit(main())
