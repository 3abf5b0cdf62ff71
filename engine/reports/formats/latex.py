r"""The leaderboard for papers: tables to ``\input``, which need the package booktabs and no other."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from engine.reports.formats.grid import VERDICTS, Figure, Grid, Line, footer, grid, title
from engine.reports.latex_sink import latex
from engine.reports.table import Leaderboard, Table

NOTHING = "--"
SYMBOLS = {"†": r"$^{\dagger}$", "‡": r"$^{\ddagger}$", "§": r"$^{\S}$", "": ""}
# Numbers stay aligned below each other.
ARROWS = dict(zip(VERDICTS.values(), (r"\rlap{$^{\uparrow}$}", r"\rlap{$^{\downarrow}$}", r"\rlap{$^{=}$}"), strict=True)) | {
    "": ""
}
NARROW = 7
"""Numbers that a row may have in one column of a page with two."""
BESIDE = 4
"""Numbers that a row may have with their spreads beside them."""
LEGIBLE = 12
"""Numbers that a row of a whole page may have in the size of footnotes."""
LONG = 28
"""Characters of a name that do not fit beside the numbers."""
UNPRINTED = ("data", "version", "commit", "evidence", "date")
"""Lines of the footer that are for a repository rather than a page."""


@dataclass(frozen=True)
class _Layout:
    """How the numbers of a table fit the page."""

    numbers: int
    """Per row."""
    parameters: bool
    """Whether they are shown."""
    long: bool
    """Whether names need several lines."""
    seeds: frozenset[str]
    """Numbers of seeds, which cells show only where they differ."""
    versions: tuple[str, ...]
    """Of columns that are not of today's definition: headings have their numbers, the note has the rest."""

    @property
    def wide(self) -> bool:
        """Whether it needs both columns of the page."""
        return self.numbers > NARROW

    @property
    def stacked(self) -> bool:
        """Whether spreads stand below the means."""
        return self.numbers > BESIDE

    @property
    def size(self) -> str:
        return r"\fontsize{7}{8.5}\selectfont" if self.numbers > LEGIBLE else r"\footnotesize"

    @property
    def gap(self) -> str:
        """Half of the space between numbers."""
        return "1.7pt" if self.numbers > LEGIBLE else "3pt" if self.wide else "4pt"


def to_latex(leaderboard: Leaderboard) -> str:
    r"""A ``table`` for each table, or ``table*`` where it has many numbers, with caption, label and a note on the protocol."""
    head = "% Made by `scalearn leaderboard`; needs \\usepackage{booktabs}.\n"
    return head + "\n".join(_table(leaderboard, table) for table in leaderboard.tables)


def _table(leaderboard: Leaderboard, table: Table) -> str:
    shown = grid(table)
    layout = _layout(table, shown)
    environment = "table*" if layout.wide else "table"
    name = rf"p{{{0.22 if layout.wide else 0.35}\linewidth}}" if layout.long else "l"
    return "\n".join(
        [
            rf"\begin{{{environment}}}[t]",
            r"\centering",
            rf"\caption{{{latex(title(table))}}}",
            rf"\label{{tab:{_label(table)}}}",
            layout.size,
            rf"\setlength{{\tabcolsep}}{{{layout.gap}}}",
            rf"\begin{{tabular}}{{@{{}}{name}{'r' * layout.numbers}@{{}}}}",
            r"\toprule",
            *_head(table, shown, layout),
            r"\midrule",
            *(text for line in shown.lines for text in _lines(shown, line, layout)),
            r"\bottomrule",
            r"\end{tabular}",
            "",
            r"\smallskip",
            rf"\parbox{{\linewidth}}{{\footnotesize {_note(leaderboard, table, shown, layout)}}}",
            rf"\end{{{environment}}}",
            "",
        ]
    )


def _layout(table: Table, shown: Grid) -> _Layout:
    figures = len(shown.columns) + shown.averaged + shown.ranked
    parameters = figures <= LEGIBLE and any(line.transfer for line in shown.lines)
    return _Layout(
        numbers=figures + parameters,
        parameters=parameters,
        long=any(len(line.name) > LONG for line in shown.lines),
        seeds=frozenset(figure.seeds for line in shown.lines for figure in line.figures if figure and figure.seeds),
        versions=tuple(dict.fromkeys(column.version for column in table.columns if column.version)),
    )


def _head(table: Table, shown: Grid, layout: _Layout) -> list[str]:
    """One line, or two where tasks have several columns: the tasks, and what is measured of them."""
    first = ["method", *(["params"] if layout.parameters else [])]
    last = [*(["avg"] if shown.averaged else []), *(["rank"] if shown.ranked else [])]
    if not any(column.measure for column in table.columns):
        return [_row([*first, *(_heading(column.title, column.version, layout) for column in table.columns), *last])]
    tasks, lines, at = [], [], len(first) + 1
    for (name, version), columns in groupby(table.columns, key=lambda column: (column.title, column.version)):
        span = len(list(columns))
        tasks.append(rf"\multicolumn{{{span}}}{{{'c' if span > 1 else 'r'}}}{{{_heading(name, version, layout)}}}")
        lines += [rf"\cmidrule(lr){{{at}-{at + span - 1}}}"] if span > 1 else []
        at += span
    measures = [latex(column.measure) for column in table.columns]
    return [_row([""] * len(first) + tasks + [""] * len(last)), *lines, _row([*first, *measures, *last])]


def _heading(name: str, version: str, layout: _Layout) -> str:
    return latex(name) + (rf"$^{{{layout.versions.index(version) + 1}}}$" if version else "")


def _lines(shown: Grid, line: Line, layout: _Layout) -> list[str]:
    """The row's means and, where many stand beside each other, their spreads below."""
    name = (r"\raggedright " if layout.long else "") + latex(line.name) + SYMBOLS[line.mark]
    figures = [*line.figures, *([line.average] if shown.averaged else [])]
    parameters = [latex(line.transfer) or NOTHING] if layout.parameters else []
    rank = [latex(line.rank)] if shown.ranked else []
    means = [_mean(figure) if figure else NOTHING for figure in figures]
    spreads = [_spread(figure, layout) if figure else "" for figure in figures]
    if not layout.stacked:
        return [_row([name, *parameters, *(mean + spread for mean, spread in zip(means, spreads, strict=True)), *rank])]
    below = [_row([""] * (1 + len(parameters)) + spreads + [""] * len(rank))] if any(spreads) else []
    return [_row([name, *parameters, *means, *rank]), *below]


def _mean(figure: Figure) -> str:
    r"""``\textbf{82.06}``."""
    mean = figure.mean.replace("-", "$-$")
    marked = rf"\textbf{{{mean}}}" if figure.bold else rf"\underline{{{mean}}}" if figure.second else mean
    return marked + ARROWS[figure.verdict]


def _spread(figure: Figure, layout: _Layout) -> str:
    r"""``{\scriptsize$\,\pm$0.52}``, or an average's interval."""
    parts = [rf"$\,\pm${figure.std}"] if figure.std else []
    parts += [rf"\,({figure.seeds})"] if figure.seeds and len(layout.seeds) > 1 else []
    parts += [rf"\,{{[}}{figure.low}, {figure.high}{{]}}".replace("-", "$-$")] if figure.low else []
    size = r"\tiny" if layout.stacked else r"\scriptsize"
    return f"{{{size}{''.join(parts)}}}" if parts else ""


def _note(leaderboard: Leaderboard, table: Table, shown: Grid, layout: _Layout) -> str:
    """The footer without what no page has room for, in one paragraph."""
    lines = {name: text for name, text in footer(leaderboard, table) if name not in UNPRINTED}
    if len(layout.seeds) == 1:
        (number,) = layout.seeds
        over = f"mean ± sample standard deviation over {number} seeds" if number != "1" else "a single seed"
        lines["cells"] = f"{over}, metric x 100"
    if any(figure.second for line in shown.lines for figure in (*line.figures, line.average) if figure):
        lines["bold"] += "; underlined: the next highest mean"
    if layout.parameters:
        lines["params"] = "the method's own, without heads"
    for version in layout.versions:
        lines = {name: text.replace(f" ({version})", "") for name, text in lines.items()}
    numbered = [rf"$^{{{number}}}${latex(version)}." for number, version in enumerate(layout.versions, 1)]
    return " ".join([*numbered, *(rf"\textit{{{_name(name)}:}} {latex(text)}." for name, text in lines.items())])


def _name(name: str) -> str:
    mark, _, rest = name.partition(" ")
    return f"{SYMBOLS[mark]}{latex(rest)}" if mark in SYMBOLS and rest else latex(name)


def _row(cells: list[str]) -> str:
    return " & ".join(cells) + r" \\"


def _label(table: Table) -> str:
    """``superglue-roberta-base``."""
    name = f"{table.benchmark}-{table.backbone}".lower()
    return "".join(sign if sign.isascii() and sign.isalnum() else "-" for sign in name)
