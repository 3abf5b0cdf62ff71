"""``results``: what runs came to as rows for other programs."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scalearn_tui.cli.exits import ExitCode
from scalearn_tui.cli.flags import Terms, home_catalog, switch
from scalearn_tui.cli.output import say
from scalearn_tui.cli.watching import look

if TYPE_CHECKING:
    from engine.results.rows import ResultRows


class Format(StrEnum):
    CSV = "csv"
    JSON = "json"
    JSONL = "jsonl"
    PARQUET = "parquet"
    TENSORBOARD = "tensorboard"


IN_A_CHILD = (Format.PARQUET, Format.TENSORBOARD)
"""Their libraries are not loaded here."""


def results(
    terms: Terms = None,
    curves: Annotated[bool, switch("--curves", help="The points of all curves, of unfinished runs too.")] = False,
    predictions: Annotated[bool, switch("--predictions", help="The runs' answers on dev and test, with gold labels.")] = False,
    scales: Annotated[bool, switch("--scales", help="How much runs take of each source adapter, by layer.")] = False,
    format_: Annotated[
        Format | None, typer.Option("--format", help="Default: csv, or the format of the file's suffix.", show_default=False)
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write to a file; a new folder for tensorboard.")
    ] = None,
) -> int:
    """Write results as rows: one per run, task, split and metric, with the run's settings. Exit code 3 when there are none.

    Terms, as in ls, select the runs. Scores are fractions: 0.82 where tables show 82.00.
    """
    from engine.errors import UserError
    from engine.registry.choosing import read_selection, select
    from engine.results.kinds import KINDS
    from engine.results.predictions import without_evidence
    from engine.results.reading import ChosenRuns
    from engine.results.scales import unweighed
    from scalearn_tui.cli.source_weights import weigh_sources

    kinds = [name for name, asked in (("curves", curves), ("predictions", predictions), ("scales", scales)) if asked]
    if len(kinds) > 1:
        raise UserError(f"--{' and --'.join(kinds)} are rows of different kinds; ask for one at a time")
    form = format_ or _format_of(output)
    reader, catalog = look(), home_catalog()
    chosen = ChosenRuns(select(read_selection(terms or (), reader, catalog), reader), reader, catalog)
    kind = kinds[0] if kinds else "scores"
    if form is Format.TENSORBOARD and kinds:
        raise UserError(f"--format tensorboard has curves and scores of its own; leave out --{kind}")
    if kind == "predictions" and (without := without_evidence(chosen)):
        say(f"{len(without)} of {len(chosen.runs)} runs kept no answers; `scalearn show RUN` says why")
    if kind == "scales":
        weigh_sources(unweighed(chosen), reader.home)
    written = ("scores", "curves") if form is Format.TENSORBOARD else (kind,)
    if all(next(iter(KINDS[name](chosen)), None) is None for name in written):
        say(
            f"no {' or '.join(written)} of the {len(chosen.runs)} runs that match"
            if terms
            else f"no {' or '.join(written)} yet"
        )
        return ExitCode.NOTHING_MATCHED
    count = (
        _written_by_child(kind, form, output, terms or ()) if form in IN_A_CHILD else _write(KINDS[kind](chosen), form, output)
    )
    if output:
        say(f"wrote {count:,} rows to {output}")
    return ExitCode.OK


def _write(rows: ResultRows[Any], form: Format, output: Path | None) -> int:
    """Returns the number of records."""
    import sys
    from io import TextIOWrapper

    from engine.files.answer_file import destination
    from engine.results.writing import write_csv, write_json, write_jsonl

    write = {Format.CSV: write_csv, Format.JSON: write_json, Format.JSONL: write_jsonl}[form]
    if output is None:
        return write(rows, sys.stdout)
    with destination(output) as file:
        text = TextIOWrapper(file, encoding="utf-8", errors="replace", newline="")
        count = write(rows, text)
        # Flushes, and leaves the file open to those who opened it.
        text.detach()
    return count


def _written_by_child(kind: str, form: Format, output: Path | None, terms: Sequence[str]) -> int:
    """Returns the number of records. Raises UserError without ``output``."""
    from engine.errors import UserError
    from engine.files.home import Home
    from scalearn_tui.children import child

    if output is None:
        raise UserError(f"--format {form} needs --output")
    options = ["--home", str(Home.default().root), "--format", form, "--kind", kind]
    return int(child.document("engine.results", *options, "--", str(output), *terms)["rows"])


def _format_of(output: Path | None) -> Format:
    from engine.errors import UserError

    if output is None:
        return Format.CSV
    suffix = output.suffix.lower().removeprefix(".")
    if suffix not in list(Format):
        raise UserError("a file needs --format, or a name that ends in .csv, .json, .jsonl or .parquet")
    return Format(suffix)
