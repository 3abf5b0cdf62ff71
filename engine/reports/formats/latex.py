r"""The leaderboard for papers: tables to ``\input``, which need the package booktabs and no other."""

from __future__ import annotations

from engine.reports.formats.grid import VERDICTS, Figure, Grid, Line, footer, grid, title
from engine.reports.latex_sink import latex
from engine.reports.table import Leaderboard, Table

NOTHING = "--"
SYMBOLS = {"†": r"$^{\dagger}$", "‡": r"$^{\ddagger}$", "§": r"$^{\S}$", "": ""}
ARROWS = dict(zip(VERDICTS.values(), (r"\,$\uparrow$", r"\,$\downarrow$", r"\,$=$"), strict=True)) | {"": ""}
NARROW = 7
"""Numbers that a row may have in one column of a page with two."""
LONG = 30
"""Characters of a name that do not fit beside the numbers."""
UNPRINTED = ("data", "version", "commit", "evidence", "date")
"""Lines of the footer that are for a repository rather than a page."""


def to_latex(leaderboard: Leaderboard) -> str:
    r"""A ``table`` for each table, or ``table*`` where it has many numbers, with caption, label and a note on the protocol."""
    head = "% Made by `scalearn leaderboard`; needs \\usepackage{booktabs}.\n"
    return head + "\n".join(_table(leaderboard, table) for table in leaderboard.tables)


def _table(leaderboard: Leaderboard, table: Table) -> str:
    shown = grid(table)
    heads = [*(["parameters"] if _has_parameters(shown) else []), *shown.columns]
    heads += [*(["avg"] if shown.averaged else []), *(["rank"] if shown.ranked else [])]
    wide = len(heads) > NARROW
    seeds = {figure.seeds for line in shown.lines for figure in line.figures if figure and figure.seeds}
    counted = len(seeds) > 1
    environment = "table*" if wide else "table"
    return "\n".join(
        [
            rf"\begin{{{environment}}}[t]",
            r"\centering",
            rf"\caption{{{latex(title(table))}}}",
            rf"\label{{tab:{_label(table)}}}",
            r"\footnotesize",
            rf"\setlength{{\tabcolsep}}{{{3 if wide else 4}pt}}",
            rf"\begin{{tabular}}{{@{{}}{_name_column(shown)}{'r' * len(heads)}@{{}}}}",
            r"\toprule",
            _row(["method", *map(latex, heads)]),
            r"\midrule",
            *(_row(_cells(shown, line, counted)) for line in shown.lines),
            r"\bottomrule",
            r"\end{tabular}",
            "",
            r"\smallskip",
            rf"\parbox{{\linewidth}}{{\footnotesize {_note(leaderboard, table, shown, seeds)}}}",
            rf"\end{{{environment}}}",
            "",
        ]
    )


def _cells(shown: Grid, line: Line, counted: bool) -> list[str]:
    """``counted``: whether cells say their number of seeds, which is in the note where all have the same."""
    name = latex(line.name) + SYMBOLS[line.mark]
    figures = [*line.figures, *([line.average] if shown.averaged else [])]
    texts = [latex(line.transfer)] if _has_parameters(shown) else []
    texts += [_figure(figure, counted) if figure else "" for figure in figures]
    texts += [latex(line.rank)] if shown.ranked else []
    return [
        rf"\raggedright {name}" if _is_long(line) else name,
        *(text or NOTHING for text in texts),
    ]


def _figure(figure: Figure, counted: bool) -> str:
    r"""``\textbf{82.06}{\scriptsize$\,\pm$0.52}``."""
    mean = figure.mean.replace("-", "$-$")
    mean = rf"\textbf{{{mean}}}" if figure.bold else rf"\underline{{{mean}}}" if figure.second else mean
    small = rf"$\,\pm${figure.std}" if figure.std else ""
    small += rf"\,({figure.seeds})" if counted and figure.seeds else ""
    small += rf"\,{{[}}{figure.low}, {figure.high}{{]}}".replace("-", "$-$") if figure.low else ""
    return mean + (rf"{{\scriptsize{small}}}" if small else "") + ARROWS[figure.verdict]


def _note(leaderboard: Leaderboard, table: Table, shown: Grid, seeds: set[str]) -> str:
    number = rf" over {next(iter(seeds))} seeds" if len(seeds) == 1 and seeds != {"1"} else ""
    lines = [(name, text) for name, text in footer(leaderboard, table) if name not in UNPRINTED]
    lines = [(name, text.replace(" (number of seeds)", number) if name == "cells" else text) for name, text in lines]
    if any(figure.second for line in shown.lines for figure in (*line.figures, line.average) if figure):
        lines.insert(1, ("underlined", "the highest mean of those that are not bold"))
    if _has_parameters(shown):
        lines.insert(1, ("parameters", "the method's own, without heads"))
    return " ".join(rf"\textit{{{_name(name)}:}} {latex(text)}." for name, text in lines)


def _name(name: str) -> str:
    mark, _, rest = name.partition(" ")
    return f"{SYMBOLS[mark]}{latex(rest)}" if mark in SYMBOLS and rest else latex(name)


def _has_parameters(shown: Grid) -> bool:
    return any(line.transfer for line in shown.lines)


def _is_long(line: Line) -> bool:
    return len(line.name) > LONG


def _name_column(shown: Grid) -> str:
    return r"p{0.25\linewidth}" if any(map(_is_long, shown.lines)) else "l"


def _row(cells: list[str]) -> str:
    return " & ".join(cells) + r" \\"


def _label(table: Table) -> str:
    """``superglue-roberta-base``."""
    name = f"{table.benchmark}-{table.backbone}".lower()
    return "".join(sign if sign.isascii() and sign.isalnum() else "-" for sign in name)
