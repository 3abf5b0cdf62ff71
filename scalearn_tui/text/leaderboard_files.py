"""The formats in which a leaderboard is written, and the files: the same for the command and the dashboard."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.registry.reading import Reader
    from engine.reports.table import Leaderboard


class Format(StrEnum):
    TABLE = "table"
    MARKDOWN = "markdown"
    LATEX = "latex"
    HTML = "html"
    CSV = "csv"
    CSV_LONG = "csv-long"
    JSON = "json"


SUFFIXES = {
    ".md": Format.MARKDOWN, ".tex": Format.LATEX, ".html": Format.HTML, ".csv": Format.CSV, ".json": Format.JSON,
}  # fmt: skip


def format_of_file(output: Path, format_: Format | None = None) -> Format:
    """The format asked for, or that of the name's suffix. Raises UserError where a file has neither."""
    from engine.errors import UserError

    chosen = format_ or SUFFIXES.get(output.suffix.lower())
    if chosen in (None, Format.TABLE):
        formats = ", ".join(known for known in Format if known is not Format.TABLE)
        raise UserError(f"a file needs --format, one of {formats}; or a name that ends in {', '.join(SUFFIXES)}")
    return chosen


def formatted(board: Leaderboard, format_: Format, reader: Reader) -> str:
    """The text of a file."""
    from engine.reports.formats.csv import to_csv, to_csv_long
    from engine.reports.formats.html import to_html
    from engine.reports.formats.json import to_json
    from engine.reports.formats.latex import to_latex
    from engine.reports.formats.markdown import to_markdown
    from engine.reports.run_details import run_details
    from scalearn_tui.text.repeating import repeating_command

    if format_ is Format.HTML:
        return to_html(board, run_details(reader, board, repeating_command))
    writers = {
        Format.MARKDOWN: to_markdown, Format.LATEX: to_latex, Format.CSV: to_csv, Format.CSV_LONG: to_csv_long,
        Format.JSON: to_json,
    }  # fmt: skip
    return writers[format_](board)


def write(output: Path, text: str) -> None:
    """Raises UserError where the file cannot be written."""
    from engine.errors import UserError

    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError(f"cannot write {output}: {error.strerror}") from error
