"""``figure``: pictures of runs, on screen or as a file."""

from __future__ import annotations

import shutil
import sys
import textwrap
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scalearn_tui.cli.exits import ExitCode
from scalearn_tui.cli.flags import Terms, home_catalog
from scalearn_tui.cli.output import print_json, print_line, print_table, say
from scalearn_tui.cli.source_weights import weigh_sources
from scalearn_tui.cli.watching import look

if TYPE_CHECKING:
    from engine.reports.figures.kinds import Drawing

NARROWEST, WIDEST = 40, 120
"""Columns of a figure on a terminal."""
USUAL = 80
"""Where output goes to a file or a pipe."""


class Width(StrEnum):
    COLUMN = "column"
    PAGE = "page"


class Format(StrEnum):
    TEXT = "text"
    JSON = "json"


def _kinds(incomplete: str) -> list[str]:
    from engine.reports.figures.kinds import KINDS

    return [name for name in KINDS if name.startswith(incomplete)]


def figure(
    kind: Annotated[
        str | None, typer.Argument(metavar="KIND", help="Without one, all are listed.", autocompletion=_kinds)
    ] = None,
    terms: Terms = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write a file: .png, .svg or .pdf.")
    ] = None,
    width: Annotated[Width, typer.Option("--width", help="Of the file: 3.03 or 6.30 inches.")] = Width.COLUMN,
    format_: Annotated[Format, typer.Option("--format", help="Of what is printed without a file.")] = Format.TEXT,
) -> int:
    """Draw completed runs, for a terminal or for paper. Exit code 3 when there is nothing to draw.

    Terms, as in ls, select the runs that count.
    """
    from dataclasses import asdict

    from engine.errors import UserError, did_you_mean
    from engine.registry.choosing import read_selection
    from engine.reports.figures.kinds import KINDS
    from engine.reports.figures.selected import Selected
    from engine.reports.figures.weighed import unweighed

    if kind is None:
        print_table(("kind", "shows"), [(name, known.shows) for name, known in KINDS.items()])
        return ExitCode.OK
    if kind not in KINDS:
        raise UserError(f"no figure {kind!r}{did_you_mean(kind, KINDS)}; there are {', '.join(KINDS)}")
    if output and format_ is Format.JSON:
        raise UserError("--format json prints numbers, and -o writes a picture: give one of them")
    reader, catalog = look(), home_catalog()
    selected = Selected(reader, catalog, read_selection(terms, reader, catalog) if terms else None)
    if KINDS[kind].weighs:
        weigh_sources(unweighed(selected), reader.home)
    drawing = KINDS[kind].gather(selected)
    if format_ is Format.JSON:
        print_json({"figure": kind, "caption": drawing.caption, **asdict(drawing)})
    elif output:
        _write(drawing, output, width)
    else:
        _show(drawing)
    return ExitCode.OK


def _write(drawing: Drawing, output: Path, width: Width) -> None:
    from engine.reports.figures.style import save

    save(drawing.draw, output, width)
    say(f"wrote {output}")
    print_line(drawing.caption)


def _show(drawing: Drawing) -> None:
    columns = shutil.get_terminal_size((USUAL, 24)).columns if sys.stdout.isatty() else USUAL
    columns = max(NARROWEST, min(WIDEST, columns))
    for line in [*drawing.text(columns).splitlines(), "", *textwrap.wrap(drawing.caption, columns)]:
        print_line(line)
