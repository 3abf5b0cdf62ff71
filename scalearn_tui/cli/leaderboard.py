"""``leaderboard``: methods against targets, on screen or as a file."""

from __future__ import annotations

import gc
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scalearn_tui.cli.exits import ExitCode
from scalearn_tui.cli.flags import Terms, filter_flag, home_catalog
from scalearn_tui.cli.output import print_line, print_table, say
from scalearn_tui.cli.watching import look

if TYPE_CHECKING:
    from engine.reports.table import Leaderboard


class Format(StrEnum):
    TABLE = "table"
    MARKDOWN = "markdown"
    CSV = "csv"
    JSON = "json"


SUFFIXES = {".md": Format.MARKDOWN, ".csv": Format.CSV, ".json": Format.JSON}


def leaderboard(
    terms: Terms = None,
    format_: Annotated[
        Format | None, typer.Option("--format", help="Default: table, or the format of the file's suffix.", show_default=False)
    ] = None,
    benchmark: Annotated[str | None, filter_flag("benchmark")] = None,
    backbone: Annotated[str | None, filter_flag("backbone")] = None,
    against: Annotated[
        str | None, typer.Option("--against", metavar="ROW", help="Test all rows against this one: its name, or its method.")
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write to a file.")] = None,
) -> int:
    """Compare methods: mean ± standard deviation over seeds on test, beside published figures. Exit code 3 when empty.

    Terms, as in ls, select the completed runs that count; the footer says so.
    """
    from engine.catalog.backbones import BACKBONES
    from engine.errors import UserError, did_you_mean
    from engine.registry.choosing import read_selection
    from engine.reports.exports import to_csv, to_json, to_markdown
    from engine.reports.leaderboard import build

    chosen = format_ or (SUFFIXES.get(output.suffix.lower()) if output else Format.TABLE)
    if output and chosen in (None, Format.TABLE):
        raise UserError("a file needs --format markdown, csv or json, or a name that ends in .md, .csv or .json")
    reader, catalog = look(), home_catalog()
    selection = read_selection(terms, reader, catalog) if terms else None
    # Of thousands of runs none is garbage, and looking for it takes a sixth of the time.
    gc.disable()
    try:
        found = build(reader, catalog, benchmark=benchmark, backbone=backbone, selection=selection)
        if against or chosen not in (None, Format.TABLE, Format.CSV):
            from engine.reports.with_standings import with_standings

            found = with_standings(found, reader, catalog, against)
    finally:
        gc.enable()
    for line in found.left_out:
        say(line)
    if not found.tables:
        close = did_you_mean(backbone, BACKBONES) if backbone and backbone not in BACKBONES else ""
        none = f"no completed run matches{close}" if benchmark or backbone or terms else "no completed run to compare yet"
        say(f"{none}; `scalearn ls` shows what is under way")
        return ExitCode.NOTHING_MATCHED
    if chosen is None or chosen is Format.TABLE:
        _print(found)
        return ExitCode.OK
    text = {Format.MARKDOWN: to_markdown, Format.CSV: to_csv, Format.JSON: to_json}[chosen](found)
    if output is None:
        print(text, end="")
        return ExitCode.OK
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError(f"cannot write {output}: {error.strerror}") from error
    say(f"wrote {output}")
    return ExitCode.OK


def _print(board: Leaderboard) -> None:
    from rich.text import Text

    from engine.reports.exports import footer, grid, title

    for index, table in enumerate(board.tables):
        if index:
            print_line()
        print_line(title(table))
        headings, rows = grid(table)
        styles = ["dim" if row.published else "" for row in table.rows]
        cells = [[Text(cell, style=style) for cell in row] for row, style in zip(rows, styles, strict=True)]
        print_table(headings, cells, right=headings[1:])
        print_line()
        print_table(("", ""), [(name, Text(text)) for name, text in footer(board, table)])
