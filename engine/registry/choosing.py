"""From what a user typed to the runs that are meant: ids and ranks, or a selection."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.catalog.catalog import Catalog
from engine.registry.listing import ListedRun
from engine.registry.reading import Reader
from engine.registry.records import Run
from engine.registry.run_fields import Specs, run_fields, run_text
from engine.runs.selection import Selection, parse


def read_selection(words: Sequence[str], reader: Reader, catalog: Catalog) -> Selection[Run]:
    """The selection that the words are. Raises UserError where they are none."""
    return parse(words, run_fields(reader, catalog), lambda run: run_text(run, catalog))


def read_row_selection(text: str, reader: Reader, catalog: Catalog, specs: Specs) -> Selection[ListedRun]:
    """The selection of rows of a list that a text is; ``specs`` may be kept for the next one. Raises UserError likewise."""
    return parse([text], run_fields(reader, catalog, specs), lambda run: run_text(run, catalog))


def select(selection: Selection[Run], reader: Reader, limit: int | None = None, **conditions: Any) -> list[Run]:
    """Runs of which the selection and the ``conditions`` of ``Reader.runs`` hold, newest first."""
    if not selection.terms:
        return reader.runs(limit=limit, **conditions)
    return [run for run in reader.runs(**conditions) if selection.holds(run)][:limit]
