"""``leaderboard``: methods against targets, on screen or as a file."""

from __future__ import annotations

import gc
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scalearn_tui.cli.exits import ExitCode
from scalearn_tui.cli.flags import Terms, filter_flag, home_catalog, switch
from scalearn_tui.cli.output import print_line, print_table, say
from scalearn_tui.cli.watching import look
from scalearn_tui.text.leaderboard_files import Format, format_of_file, formatted, write

if TYPE_CHECKING:
    from engine.reports.table import Leaderboard


class Split(StrEnum):
    TEST = "test"
    DEV = "dev"


def leaderboard(
    terms: Terms = None,
    format_: Annotated[
        Format | None, typer.Option("--format", help="Default: table, or the format of the file's suffix.", show_default=False)
    ] = None,
    benchmark: Annotated[str | None, filter_flag("benchmark")] = None,
    backbone: Annotated[str | None, filter_flag("backbone")] = None,
    split: Annotated[Split, typer.Option("--split", help="test, or dev at the selected epoch.")] = Split.TEST,
    metric: Annotated[
        str | None,
        typer.Option("--metric", metavar="NAME", help="A metric, or all of them. Default: each task's headline metric."),
    ] = None,
    best_of: Annotated[
        str | None,
        typer.Option("--best-of", metavar="SETTING", help="Of runs that differ in this setting alone, the best on dev."),
    ] = None,
    complete_only: Annotated[bool, switch("--complete-only", help="Leave out rows that lack a task.")] = False,
    against: Annotated[
        str | None, typer.Option("--against", metavar="ROW", help="Test all rows against this one: its name, or its method.")
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write to a file.")] = None,
) -> int:
    """Compare methods: mean ± standard deviation over seeds on test, beside published figures. Exit code 3 when empty.

    Terms, as in ls, select the completed runs that count; the footer says so.
    """
    from engine.catalog.backbones import BACKBONES
    from engine.errors import did_you_mean
    from engine.registry.choosing import read_selection
    from engine.reports.leaderboard import build
    from engine.reports.query import Query

    chosen = format_of_file(output, format_) if output else format_ or Format.TABLE
    reader, catalog = look(), home_catalog()
    selection = read_selection(terms, reader, catalog) if terms else None
    query = Query(benchmark, backbone, selection, split.value, metric, complete_only, best_of)
    # Of thousands of runs none is garbage, and looking for it takes a sixth of the time.
    gc.disable()
    try:
        found = build(reader, catalog, query)
        if against or chosen not in (Format.TABLE, Format.CSV):
            from engine.reports.with_standings import with_standings

            found = with_standings(found, reader, catalog, against)
    finally:
        gc.enable()
    for line in found.left_out:
        say(line)
    if not found.tables:
        close = did_you_mean(backbone, BACKBONES) if backbone and backbone not in BACKBONES else ""
        none = f"no completed run matches{close}" if query != Query() else "no completed run to compare yet"
        say(f"{none}; `scalearn ls` shows what is under way")
        return ExitCode.NOTHING_MATCHED
    if chosen is Format.TABLE:
        _print(found)
    elif output is None:
        print(formatted(found, chosen, reader), end="")
    else:
        write(output, formatted(found, chosen, reader))
        say(f"wrote {output}")
    return ExitCode.OK


def _print(board: Leaderboard) -> None:
    from rich.text import Text

    from engine.reports.formats.grid import Figure, footer, grid, title
    from engine.reports.formats.text import cells, figures, headings

    def style(figure: Figure | None) -> str:
        return "bold" if figure and figure.bold else "underline" if figure and figure.second else ""

    for index, table in enumerate(board.tables):
        if index:
            print_line()
        print_line(title(table))
        shown = grid(table)
        lines = [
            [
                Text(text, style="dim" if line.row.published else style(figure))
                for text, figure in zip(cells(shown, line), figures(shown, line), strict=True)
            ]
            for line in shown.lines
        ]
        print_table(headings(shown), lines, right=headings(shown)[1:])
        print_line()
        print_table(("", ""), [(name, Text(text)) for name, text in footer(board, table)])
