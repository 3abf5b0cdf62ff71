"""Output: data to stdout, everything about the data to stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from engine.errors import UserError
from scalearn_tui.text.columns import plain_lines
from scalearn_tui.text.harmless import harmless

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

SCHEMA = 1
"""Version of the JSON documents; a field that changes its meaning raises it."""
LONGEST = 800
"""Characters of an error."""
PIPE_WIDTH = 10_000
"""Columns where output goes to a file or a pipe: nothing is truncated there."""


def say(message: str) -> None:
    """One line for the person at the terminal."""
    print(harmless(message), file=sys.stderr, flush=True)


def print_line(text: str = "") -> None:
    """One line of data on stdout."""
    print(harmless(text), flush=True)


def confirmed(what: str, question: str) -> bool:
    """Whether the person at the terminal answers yes. Raises UserError that says ``what`` where there is no terminal."""
    if not sys.stdin.isatty():
        raise UserError(f"{what}; confirm with --yes")
    print(harmless(f"{question} [y/N] "), end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def complain(message: str) -> None:
    """An error, as one line of bearable length, whatever it quotes."""
    if len(message) > LONGEST:
        message = f"{message[: LONGEST // 2]} … {message[-LONGEST // 4 :]}"
    say(f"scalearn: {message}")


def print_json(document: dict[str, Any] | list[Any]) -> None:
    """One document on stdout: an object carries the schema's version, a list is plain; numbers that JSON lacks become null."""
    if isinstance(document, dict):
        document = {"schema": SCHEMA, **document}
    print(json.dumps(_finite(document), indent=2, allow_nan=False, default=str))


def console(stderr: bool = False) -> Console:
    """A console that truncates nothing where its output is not a terminal."""
    from rich.console import Console

    shown = Console(stderr=stderr, highlight=False, markup=False, emoji=False)
    return shown if shown.is_terminal else Console(stderr=stderr, highlight=False, markup=False, emoji=False, width=PIPE_WIDTH)


def print_table(
    headings: Sequence[str], rows: Sequence[Sequence[Any]], right: Sequence[str] = (), drop: Sequence[str] = ()
) -> None:
    """Columns on stdout; the headings named in ``right`` are numbers. Cells are text or rich ``Text``.

    On a terminal that is too narrow, the columns named in ``drop`` are left out, in that order; ``drop`` may name others too.
    """
    from rich.measure import Measurement

    out = console()
    if not out.is_terminal:
        for line in plain_lines(headings, rows, right):
            print(line)
        return
    table = _table(headings, rows, right)
    for name in (name for name in drop if name in headings):
        if Measurement.get(out, out.options.update(max_width=PIPE_WIDTH), table).maximum <= out.width:
            break
        index = list(headings).index(name)
        headings = [*headings[:index], *headings[index + 1 :]]
        rows = [[*row[:index], *row[index + 1 :]] for row in rows]
        table = _table(headings, rows, right)
    out.print(table)


def _table(headings: Sequence[str], rows: Sequence[Sequence[Any]], right: Sequence[str]) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0), show_header=any(headings))
    for heading in headings:
        table.add_column(harmless(heading), justify="right" if heading in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(_harmless_cell(cell) for cell in row))
    return table


def _harmless_cell(cell: Any) -> Text:
    from rich.text import Text

    return Text(harmless(cell.plain), cell.style) if isinstance(cell, Text) else Text(harmless(str(cell)))


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return None
    return value
