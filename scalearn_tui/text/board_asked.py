"""What the dashboard's board asks of the leaderboard, in the command's own words. All of it blocks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from scalearn_tui.text.leaderboard_files import format_of_file, formatted, write

if TYPE_CHECKING:
    from engine.catalog.catalog import Catalog
    from engine.registry.reading import Reader
    from engine.reports.table import Leaderboard, Row


@dataclass(frozen=True)
class Asked:
    """The command's terms, ``--split``, ``--against`` and ``--metric all``."""

    terms: str = ""
    split: str = "test"
    against: str = ""
    every_metric: bool = False


def build(asked: Asked, reader: Reader, catalog: Catalog) -> Leaderboard:
    """The tables, untested. Raises UserError for terms that cannot be understood."""
    from engine.registry.choosing import read_selection
    from engine.reports.leaderboard import build as build_board
    from engine.reports.query import EVERY_METRIC, Query

    selection = read_selection([asked.terms], reader, catalog) if asked.terms else None
    metric = EVERY_METRIC if asked.every_metric else None
    return build_board(reader, catalog, Query(selection=selection, split=asked.split, metric=metric))


def tested(board: Leaderboard, asked: Asked, reader: Reader, catalog: Catalog) -> Leaderboard:
    """The same with tests, which take seconds. Raises UserError where no table has the row to compare with."""
    from engine.reports.with_standings import with_standings

    return with_standings(board, reader, catalog, asked.against or None)


def export(asked: Asked, output: Path, reader: Reader, catalog: Catalog) -> None:
    """Write what ``scalearn leaderboard -o`` writes. Raises UserError as the command does."""
    from engine.errors import UserError

    format_ = format_of_file(output)
    board = build(asked, reader, catalog)
    # As the command: figures for other programs need no tests unless they were asked for.
    if asked.against or output.suffix.lower() != ".csv":
        board = tested(board, asked, reader, catalog)
    if not board.tables:
        raise UserError("no completed run matches; nothing was written")
    write(output, formatted(board, format_, reader))


def form_values(row: Row, task: str, beside: str | None, reader: Reader) -> dict[str, str]:
    """The form's fields for a task that a row lacks: what asked for its other runs, with all of its seeds.

    The part of the data is that of ``beside``, a run in the same column.
    """
    from scalearn_tui.text.repeating import repeated_values

    cells = list(row.cells.values())
    values = repeated_values(reader.find(cells[0].run_ids[0]))
    values.pop("benchmark", None)
    seeds = sorted({seed for cell in cells for seed in cell.seeds})
    if beside is not None:
        values.pop("limit", None)
        values |= {name: text for name, text in repeated_values(reader.find(beside)).items() if name == "limit"}
    return values | {"target": task, "seed": ",".join(map(str, seeds))}
