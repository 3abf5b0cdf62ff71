"""A leaderboard with tests of what it shows: how each cell and average stands, and what of the rows could not be tested.

Only where they are shown: a table of hundreds of runs is built in a fraction of a second, and tested in seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from engine.catalog.catalog import Catalog
from engine.errors import UserError, did_you_mean
from engine.registry.reading import Reader
from engine.registry.records import Run
from engine.reports.conditions import conditions_of
from engine.reports.significance.answered import measured
from engine.reports.significance.standings import Entry, standings
from engine.reports.standings_note import standings_note
from engine.reports.table import Column, Leaderboard, Row, Table


def with_standings(board: Leaderboard, reader: Reader, catalog: Catalog, against: str | None = None) -> Leaderboard:
    """The board with ``Cell.standing`` and ``Row.average_standing``, and a line of each footer on the tests.

    ``against`` is the name of a row or a method that others are compared with. Raises UserError where no table has it.
    """
    named = [_row_named(against, table, catalog) if against else None for table in board.tables]
    if against and board.tables and all(place is None for place in named):
        rows = dict.fromkeys(row.name for table in board.tables for row in table.rows if not row.published)
        raise UserError(f"no row {against!r}{did_you_mean(against, rows)}; there are {', '.join(rows)}")
    tables = [_tested(table, reader, catalog, place) for table, place in zip(board.tables, named, strict=True)]
    return replace(board, tables=tuple(tables))


def _row_named(name: str, table: Table, catalog: Catalog) -> int | None:
    """The place of the measured row with that name, or else of the only one of that method."""
    rows = [(place, row) for place, row in enumerate(table.rows) if not row.published]
    wanted = name.strip().lower()
    if exact := [place for place, row in rows if row.name.lower() == wanted]:
        return exact[0]
    spelled = [info.name for info in catalog.methods.values() if wanted.replace("_", "-").replace(" ", "-") in info.spellings]
    of_method = [(place, row) for place, row in rows if row.method in spelled]
    if len(of_method) > 1:
        rows_of_it = "; ".join(row.name for _, row in of_method)
        raise UserError(f"{table.title} has several rows of {name}: {rows_of_it}; name one of them with --against")
    return of_method[0][0] if of_method else None


def _tested(table: Table, reader: Reader, catalog: Catalog, against: int | None) -> Table:
    """``against`` is the place of a row."""
    ids = [run_id for row in table.rows for cell in row.cells.values() for run_id in cell.run_ids]
    runs = {run.id: run for run in reader.runs(ids=ids)}
    why_not: dict[str, list[str]] = {}
    """By reason, names of rows."""
    entries = {column.key: _entries(table, column, runs, reader, catalog, why_not) for column in table.columns}
    rows = list(table.rows)
    for key, of_column in entries.items():
        for place, standing in standings(of_column, against).items():
            cell = replace(rows[place].cells[key], standing=standing)
            rows[place] = replace(rows[place], cells=rows[place].cells | {key: cell})
    averages = _averages(table, entries, why_not)
    for place, standing in standings(averages, against).items():
        rows[place] = replace(rows[place], average_standing=standing)
    table = replace(table, rows=tuple(rows))
    note = standings_note(table, runs, reader, against, why_not)
    return replace(table, provenance=table.provenance | ({"tests": note} if note else {}))


def _entries(
    table: Table,
    column: Column,
    runs: Mapping[str, Run],
    reader: Reader,
    catalog: Catalog,
    why_not: dict[str, list[str]],
) -> dict[int, Entry]:
    """The rows of the column that can be compared, by place: with answers on the same examples, computed alike. Else empty."""
    differing = sorted({name for row in table.rows for name in row.conditions})
    alike: dict[tuple[str, tuple[tuple[str, ...], ...]], list[int]] = {}
    """Places of rows by the examples that they answered, and by conditions that are not the same in all cells of all rows."""
    for place, row in enumerate(table.rows):
        if row.published or column.key not in row.cells:
            continue
        conditions = conditions_of([runs[run_id] for run_id in row.cells[column.key].run_ids], differing)
        examples, reason = _examples_of(row, column, reader)
        if any(len(values) > 1 for values in conditions):
            reason = "computed under different conditions"
        if reason:
            why_not.setdefault(reason, []).append(row.name)
        else:
            alike.setdefault((examples, conditions), []).append(place)
    (most, places), *others = sorted(alike.items(), key=lambda group: len(group[1]), reverse=True) or [(("", ()), [])]
    for (examples, _), of_others in others:
        what = "conditions" if examples == most[0] else "examples"
        why_not.setdefault(f"other {what} than most on {column.heading}", []).extend(
            table.rows[place].name for place in of_others
        )
    run_ids = {place: table.rows[place].cells[column.key].run_ids for place in places}
    # A run that was tuned and asked for without tuning is in two rows.
    members = [runs[run_id] for run_id in dict.fromkeys(run_id for ids in run_ids.values() for run_id in ids)]
    task = members[0].parsed.known_task(column.task, catalog) if len(places) > 1 else None
    if task is None:
        return {}
    try:
        on = measured(reader, members, task, column.split, column.metric)
        on.check_clusters()
    except UserError as error:
        why_not.setdefault(str(error), []).extend(table.rows[place].name for place in places)
        return {}
    place_of = {run.id: number for number, run in enumerate(members)}
    return {place: [(on, [place_of[run_id] for run_id in ids])] for place, ids in run_ids.items()}


def _examples_of(row: Row, column: Column, reader: Reader) -> tuple[str, str]:
    """The digest of the examples that the row's runs answered, or why they are not compared."""
    kept = [
        {
            evidence.rows_sha256
            for evidence in reader.evidence(run_id)
            if (evidence.task, evidence.split) == (column.task, column.split)
        }
        for run_id in row.cells[column.key].run_ids
    ]
    if not all(kept):
        return "", "not all answers are kept"
    digests = set.union(*kept)
    return (digests.pop(), "") if len(digests) == 1 else ("", "its runs answered different examples")


def _averages(table: Table, entries: Mapping[str, Mapping[int, Entry]], why_not: dict[str, list[str]]) -> dict[int, Entry]:
    """The rows that have an average all of whose cells are compared, and make the same claim: of methods, or of models."""
    of_columns = [entries[column.key] for column in table.averaged]
    averages: dict[int, Entry] = {}
    for place, row in enumerate(table.rows):
        if table.average(row) is None or not all(place in of_column for of_column in of_columns):
            continue
        entry = [pair for of_column in of_columns for pair in of_column[place]]
        if len({len(places) > 1 for _, places in entry}) == 1:
            averages[place] = entry
        else:
            why_not.setdefault("its average: some of its cells have one seed, others several", []).append(row.name)
    return averages
