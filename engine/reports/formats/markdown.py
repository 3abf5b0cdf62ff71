"""The leaderboard for pages: GitHub tables."""

from __future__ import annotations

from collections.abc import Iterable

from engine.reports.formats.grid import Figure, footer, grid, title
from engine.reports.formats.text import cells, figure_text, figures, headings
from engine.reports.sinks import markdown
from engine.reports.table import Leaderboard, Table


def to_markdown(leaderboard: Leaderboard) -> str:
    """A heading, a table and a list of the numbers' provenance, for each table; the best cells are bold."""
    return "\n".join(_table(leaderboard, table) for table in leaderboard.tables)


def _table(leaderboard: Leaderboard, table: Table) -> str:
    shown = grid(table)
    head = headings(shown)
    lines = [f"### {markdown(title(table))}", "", _line(map(markdown, head)), _line([":--", *("--:" for _ in head[1:])])]
    for line in shown.lines:
        texts = zip(cells(shown, line), figures(shown, line), strict=True)
        lines.append(_line(_bold(figure) if figure and figure.bold else markdown(text) for text, figure in texts))
    lines += ["", *(f"- {markdown(name)}: {markdown(text)}" for name, text in footer(leaderboard, table))]
    return "\n".join(lines) + "\n"


def _bold(figure: Figure) -> str:
    return f"**{figure.mean}**{markdown(figure_text(figure).removeprefix(figure.mean))}"


def _line(texts: Iterable[str]) -> str:
    return "| " + " | ".join(texts) + " |"
