"""Whether a bundle is right: every number recomputed from the answers, every cell of its table from the numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.bundles import strict_json
from engine.bundles.contents import Contents
from engine.bundles.importing import Origin, import_runs
from engine.bundles.local_rows import LocalRows
from engine.bundles.manifest import TABLE, Declared
from engine.bundles.opening import Bundle
from engine.bundles.run_checks import check_runs
from engine.bundles.table import count_cells, differences, table_of
from engine.bundles.tuning_checks import check_tuning
from engine.errors import UserError
from engine.registry.store import Store


@dataclass
class Findings:
    """What is wrong with a bundle, and what could not be checked."""

    wrong: list[str] = field(default_factory=list)
    """One sentence each, which names the cell, run or row."""
    unchecked: list[str] = field(default_factory=list)
    runs: int = 0
    cells: int = 0


def verify(bundle: Bundle, store: Store, expect: str | None, data_dir: Path | None) -> Findings:
    """All checks of a bundle that could be opened; they need no home, and the data only where ``unchecked`` says so.

    ``store`` is a registry without runs, in which the table is built again.
    """
    contents, found = bundle.contents, Findings(runs=len(bundle.contents.runs))
    if expect is not None and bundle.digest != expect:
        found.wrong.append(f"its root digest is {bundle.digest}, not {expect}: it is another bundle, or was rewritten")
    found.wrong += check_runs(contents, LocalRows(data_dir), found.unchecked)
    found.wrong += _missing(contents, bundle.manifest.declared)
    stored = _stored_table(contents)
    found.cells = count_cells(stored)
    import_runs(contents, store, Origin("", "", bundle.manifest.tool))
    found.wrong += check_tuning(contents, store, found.unchecked)
    found.wrong += differences(stored, table_of(store, contents.catalog, contents.runs))
    return found


def _missing(contents: Contents, declared: Declared) -> Iterator[str]:
    targets = {record.id: record for record in contents.runs if record.role == "target"}
    named: set[str] = set()
    for cell in declared.cells:
        for seed, run_id in cell.runs.items():
            record = targets.get(run_id)
            named.add(run_id)
            if record is None:
                yield f"run {run_id} (seed {seed}) is missing, though the bundle declares it"
            elif str(record.spec.seed) != seed or record.group_id != cell.group:
                yield f"run {run_id}: it is declared with seed {seed} in group {cell.group}, and is another"
    yield from (f"run {run_id} is in the bundle, but was not declared" for run_id in targets.keys() - named)


def _stored_table(contents: Contents) -> dict[str, Any]:
    """``table.json``. Raises UserError where it is none."""
    try:
        stored: dict[str, Any] = strict_json.parse(contents.members.read(TABLE))
        count_cells(stored)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(f"its member {TABLE} is malformed ({error})") from None
    return stored
