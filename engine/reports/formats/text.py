"""The leaderboard as plain text in columns, as a terminal and Markdown show it."""

from __future__ import annotations

from engine.reports.formats.grid import Figure, Grid, Line

NOTHING = "–"


def headings(grid: Grid) -> list[str]:
    """Method, parameters, targets, average and its rank."""
    averages = [*(["avg"] if grid.averaged else []), *(["rank"] if grid.ranked else [])]
    return ["method", "trainable", "transfer", *grid.columns, *averages]


def cells(grid: Grid, line: Line) -> list[str]:
    """One text for each heading."""
    figures = [line.title, line.trainable, line.transfer, *(figure and figure_text(figure) for figure in line.figures)]
    figures += [*([line.average and figure_text(line.average)] if grid.averaged else []), *([line.rank] if grid.ranked else [])]
    return [text or NOTHING for text in figures]


def figures(grid: Grid, line: Line) -> list[Figure | None]:
    """The figure behind each text of ``cells``; None where there is none."""
    averages: list[Figure | None] = [*([line.average] if grid.averaged else []), *([None] if grid.ranked else [])]
    return [None, None, None, *line.figures, *averages]


def figure_text(figure: Figure) -> str:
    """``76.44 ± 0.52 (3)``: mean, sample standard deviation and number of seeds; ``76.44 [75.90, 77.00]`` of an average."""
    parts = [figure.mean]
    parts += [f"± {figure.std}"] if figure.std else []
    parts += [f"({figure.seeds})"] if figure.seeds else []
    parts += [f"[{figure.low}, {figure.high}]"] if figure.low else []
    parts += [figure.verdict] if figure.verdict else []
    return " ".join(parts)
