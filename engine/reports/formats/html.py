"""The leaderboard as one page that needs no network: sortable tables, and behind each cell its runs, curves and commands."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from string import Template

from engine.reports.formats.grid import VERDICTS, Figure, Grid, Line, footer, grid, title
from engine.reports.formats.json import document
from engine.reports.run_details import RunDetails
from engine.reports.sinks import html, script_json
from engine.reports.table import Leaderboard, Table

PAGE = Path(__file__).parent / "page"
"""Template, style and script. The page's policy allows these two by their digests, and nothing else."""
NOTHING = "<td>–</td>"
WORDS = {mark: verdict for verdict, mark in VERDICTS.items()}


def to_html(leaderboard: Leaderboard, runs: Mapping[str, RunDetails]) -> str:
    """``runs`` are those of the leaderboard's cells, by id."""
    style, script = (_read(name) for name in ("page.css", "page.js"))
    data = {"leaderboard": document(leaderboard), "runs": {run_id: asdict(run) for run_id, run in runs.items()}}
    return Template(_read("page.html")).substitute(
        title=html(", ".join(map(title, leaderboard.tables)) or "Leaderboard"),
        about=html(f"{len(runs)} runs, {leaderboard.at:%Y-%m-%d}"),
        style=style,
        style_hash=_digest(style),
        script=script,
        script_hash=_digest(script),
        tables="\n".join(_table(leaderboard, number, table) for number, table in enumerate(leaderboard.tables)),
        data=script_json(json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))),
    )


def _table(leaderboard: Leaderboard, number: int, table: Table) -> str:
    shown = grid(table)
    heads = [_head("method", "text"), _head("trainable"), _head("transfer")]
    heads += [_head(f"{column.title} {column.measure}".rstrip(), version=column.version) for column in table.columns]
    heads += [*([_head("avg")] if shown.averaged else []), *([_head("rank", best="low")] if shown.ranked else [])]
    rows = "\n".join(_row(table, shown, index, line) for index, line in enumerate(shown.lines))
    notes = "".join(f"<dt>{html(name)}</dt><dd>{html(text)}</dd>" for name, text in footer(leaderboard, table))
    return (
        f"<section><h2>{html(title(table))}</h2>\n"
        f'<div class="wide"><table class="board" data-table="{number}">\n'
        f"<thead><tr>{''.join(heads)}</tr></thead>\n<tbody>\n{rows}\n</tbody></table></div>\n<dl>{notes}</dl></section>"
    )


def _head(name: str, kind: str = "number", best: str = "high", version: str = "") -> str:
    """``kind`` says how the column sorts, ``best`` which end comes first."""
    button = f'<button type="button">{html(name)}</button>'
    below = f'<span class="version">{html(version)}</span>' if version else ""
    return f'<th scope="col" data-kind="{kind}" data-best="{best}">{button}{below}</th>'


def _row(table: Table, shown: Grid, index: int, line: Line) -> str:
    row = line.row
    settings = html(line.name.removeprefix(row.title).strip())
    name = html(row.title) + (f" {line.mark}" if line.mark else "")
    name += f'<span class="settings">{settings}</span>' if settings else ""
    cells = [f'<td data-value="{html(line.title)}">{name}</td>', _count(line.trainable, row.trainable)]
    cells.append(_count(line.transfer, row.transfer))
    for column, figure in zip(table.columns, line.figures, strict=True):
        cell = row.cells.get(column.key)
        cells.append(_figure(figure, cell.mean, column.key, opens=not row.published) if figure and cell else NOTHING)
    if shown.averaged:
        average = table.average(row)
        cells.append(NOTHING if line.average is None or average is None else _figure(line.average, average, "", opens=False))
    if shown.ranked:
        cells.append(f'<td data-value="{row.average_standing.rank}">{line.rank}</td>' if row.average_standing else NOTHING)
    return f'<tr data-row="{index}"{" class=published" if row.published else ""}>{"".join(cells)}</tr>'


def _count(text: str, count: tuple[int, int] | None) -> str:
    return f'<td data-value="{count[1]}">{text}</td>' if count else NOTHING


def _figure(figure: Figure, value: float, key: str, opens: bool) -> str:
    """A cell that sorts by ``value``, and ``opens`` what is behind it."""
    mean = f"<b>{figure.mean}</b>" if figure.bold else f"<u>{figure.mean}</u>" if figure.second else figure.mean
    text = mean
    text += f' <span class="spread">± {figure.std}</span>' if figure.std else ""
    text += f' <span class="spread">({figure.seeds})</span>' if figure.seeds else ""
    text += f' <span class="interval">[{figure.low}, {figure.high}]</span>' if figure.low else ""
    text += f' <span class="{WORDS[figure.verdict]}">{figure.verdict}</span>' if figure.verdict else ""
    text = f'<button type="button">{text}</button>' if opens else text
    return f'<td data-value="{value!r}" data-key="{html(key)}">{text}</td>'


def _read(name: str) -> str:
    return (PAGE / name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    """As content security policies name an inline script or style."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
