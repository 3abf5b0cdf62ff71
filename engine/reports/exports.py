"""The leaderboard as text: Markdown for pages, CSV for spreadsheets, JSON for programs."""

from __future__ import annotations

import csv
import io
import json
import math
from dataclasses import asdict
from typing import Any

from engine.reports.sinks import csv_cell, json_text, markdown
from engine.reports.table import Cell, Leaderboard, Row, Standing, Table

SCHEMA = 1
NOTHING = "–"
MARKS = {"published": "†", "server": "‡", "differs": "§"}
"""Mark rows that a paper reports and that were not trained here, by their origin, and rows whose runs are not quite alike."""
DIGITS = 2
VERDICTS = {"better": "↑", "worse": "↓", "tied": "="}


def title(table: Table) -> str:
    """``SuperGLUE, roberta-base``."""
    return f"{table.title}, {table.backbone}"


def grid(table: Table) -> tuple[list[str], list[list[str]]]:
    """Headings and rows as text, the same for every kind of table: method, parameters, targets, average."""
    averaged = len(table.averaged) > 1
    columns = [column.heading for column in table.columns]
    headings = ["method", "trainable", "transfer", *columns, *(["avg"] if averaged else [])]
    rows = []
    for row in table.rows:
        average = table.average(row)
        cells = [cell_text(row, row.cells.get(column.key)) for column in table.columns]
        averages = [NOTHING if average is None else f"{average:.{DIGITS}f}{_verdict(row.average_standing)}"] if averaged else []
        rows.append([row_title(row), _parameters(row.trainable), _parameters(row.transfer), *cells, *averages])
    return headings, rows


def row_title(row: Row) -> str:
    """The row's name, with a mark where it is published or its runs were computed under different conditions."""
    mark = MARKS[row.origin] if row.published else MARKS["differs"] if row.conditions else ""
    return f"{row.name} {mark}".rstrip()


def cell_text(row: Row, cell: Cell | None) -> str:
    """``76.44 ± 0.52 (3)``: mean, sample standard deviation and number of seeds."""
    if cell is None:
        return NOTHING
    mean = f"{cell.mean:.{DIGITS}f}"
    if row.published:
        return mean
    spread = f" ± {cell.std:.{DIGITS}f}" if cell.std is not None else ""
    return f"{mean}{spread} ({len(cell.values)}){_verdict(cell.standing)}"


def _verdict(standing: Standing | None) -> str:
    """Against the row that was named."""
    return f" {VERDICTS[standing.against.verdict]}" if standing and standing.against else ""


def footer(leaderboard: Leaderboard, table: Table) -> list[tuple[str, str]]:
    """The provenance of the numbers, as names and lines of text."""
    lines = [(name, "; ".join(_shorten(text) for text in texts)) for name, texts in table.provenance.items()]
    lines = [(f"{MARKS[name]} {name}" if name in MARKS else name, text) for name, text in lines]
    cells = "mean ± sample standard deviation (number of seeds), metric x 100"
    return [("cells", cells), *lines, ("date", f"{leaderboard.at:%Y-%m-%d}")]


def to_markdown(leaderboard: Leaderboard) -> str:
    """A heading, a GitHub table and a list of the numbers' provenance, for each table."""
    parts = []
    for table in leaderboard.tables:
        headings, rows = grid(table)
        lines = [f"### {markdown(title(table))}", "", _line(headings), _line([":--", *("--:" for _ in headings[1:])])]
        lines += [_line(row) for row in rows]
        lines += ["", *(f"- {markdown(name)}: {markdown(text)}" for name, text in footer(leaderboard, table))]
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def to_csv(leaderboard: Leaderboard) -> str:
    """One line per row of every table; for each target its mean, standard deviation and number of seeds, unrounded."""
    targets = list(dict.fromkeys(column.key for table in leaderboard.tables for column in table.columns))
    fixed = ("benchmark", "backbone", "revision", "method", "settings", "tuning", "origin",
             "trainable_min", "trainable_max", "transfer_min", "transfer_max")  # fmt: skip
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    figures = [name for target in targets for name in (target, f"{target} std", f"{target} n")]
    writer.writerow(map(csv_cell, [*fixed, *figures, "average"]))
    for table in leaderboard.tables:
        for row in table.rows:
            settings = row.settings if row.published else table.shared | row.settings
            listed = " ".join(f"{name}={value}" for name, value in settings.items())
            line: list[Any] = [table.benchmark, table.backbone, table.revision, row.title, listed, row.chosen, row.origin]
            line += [*(row.trainable or ("", "")), *(row.transfer or ("", ""))]
            for target in targets:
                cell = row.cells.get(target)
                line += [cell.mean, cell.std, len(cell.seeds) or None] if cell else [None, None, None]
            writer.writerow(map(csv_cell, [*line, table.average(row)]))
    return out.getvalue()


def to_json(leaderboard: Leaderboard) -> str:
    """One document with every value by seed, in points and unrounded."""
    tables = [
        {
            "benchmark": table.benchmark,
            "backbone": table.backbone,
            "revision": table.revision,
            "columns": [
                {
                    "key": column.key,
                    "task": column.task,
                    "title": column.title,
                    "version": column.version,
                    "metric": column.metric,
                }
                for column in table.columns
            ],
            "settings": table.shared,
            "rows": [_row(table, row) for row in table.rows],
            "provenance": table.provenance,
        }
        for table in leaderboard.tables
    ]
    document = {"schema": SCHEMA, "date": leaderboard.at.isoformat(), "unit": "metric x 100", "tables": tables}
    document["left_out"] = list(leaderboard.left_out)
    return json_text(json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)) + "\n"


def _row(table: Table, row: Row) -> dict[str, Any]:
    return {
        "method": row.method,
        "title": row.title,
        "origin": row.origin,
        "settings": row.settings,
        "conditions": row.conditions,
        "tuning": asdict(row.tuning) | {"chosen_on": "dev"} if row.tuning else None,
        "trainable": row.trainable,
        "transfer": row.transfer,
        "cells": {
            key: {
                "mean": cell.mean,
                "std": cell.std,
                "values": cell.values,
                "seeds": cell.seeds,
                "runs": cell.run_ids,
                "others": cell.others,
                "standing": _standing(cell.standing),
            }
            for key, cell in row.cells.items()
        },
        "average": table.average(row),
        "average_standing": _standing(row.average_standing),
    }


def _standing(standing: Standing | None) -> dict[str, Any] | None:
    """With the verdict of the difference from the row that was named."""
    if standing is None:
        return None
    against = standing.against
    return asdict(standing) | {"against": asdict(against) | {"verdict": against.verdict} if against else None}


def _parameters(count: tuple[int, int] | None) -> str:
    """``6,144`` or ``592k``; a range where targets differ."""
    if count is None:
        return NOTHING
    return "–".join(dict.fromkeys(_short_count(value) for value in count))


def _short_count(value: int) -> str:
    if value < 10_000:
        return f"{value:,}"
    unit, size = ("M", 1e6) if value >= 999_500 else ("k", 1e3)
    scaled = value / size
    return f"{scaled:.{max(0, 2 - int(math.log10(scaled)))}f}{unit}"


def _shorten(text: str) -> str:
    """Long hexadecimal digests cut to a distinctive prefix; JSON has them in full."""
    words = []
    for word in text.split(" "):
        head, colon, tail = word.rpartition(":")
        digest, plus, changes = tail.partition("+")
        is_digest = len(digest) >= 32 and all(letter in "0123456789abcdef" for letter in digest)
        words.append(f"{head}{colon}{digest[:10]}{plus}{changes}" if is_digest else word)
    return " ".join(words)


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(markdown(cell) for cell in cells) + " |"
