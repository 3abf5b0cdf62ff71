"""Whether the settings that a bundle's table calls tuned are the best on dev of those that its sweep tried."""

from __future__ import annotations

from collections.abc import Iterator

from engine.bundles.contents import Contents
from engine.registry.reading import Reader
from engine.sweeps.cells import from_records
from engine.sweeps.winners import searches_of


def check_tuning(contents: Contents, reader: Reader, unchecked: list[str]) -> Iterator[str]:
    """Reported settings that others beat on dev. ``reader`` has the runs of the bundle."""
    for search in searches_of(from_records(contents.sweep.cells), reader) if contents.sweep else ():
        reported = [cell for cell in search.chosen if cell.run in contents.by_id]
        if not reported:
            continue
        where = f"{reported[0].method} on {reported[0].target}"
        if search.best is None:
            unchecked.append(f"whether the setting of {where} is the best on dev: not all runs that tried one are here")
        elif any(cell.candidates.index(cell.run) != search.best for cell in reported):
            yield f"{where}: of the settings that were tried, {search.trials[search.best].setting} is the best on dev, not this"
