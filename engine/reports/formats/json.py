"""The leaderboard for programs. ``docs/leaderboard.md`` says what its fields mean."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from engine.reports.query import Query
from engine.reports.sinks import json_text
from engine.reports.table import Cell, Column, Leaderboard, Row, Standing, Table

SCHEMA = 2
"""A field that changes its meaning raises it."""


def to_json(leaderboard: Leaderboard) -> str:
    """One document with every value by seed, in points and unrounded."""
    return json_text(json.dumps(document(leaderboard), indent=2, ensure_ascii=False, allow_nan=False)) + "\n"


def document(leaderboard: Leaderboard) -> dict[str, Any]:
    """The document as plain values."""
    return {
        "schema": SCHEMA,
        "date": leaderboard.at.isoformat(),
        "unit": "metric x 100",
        "query": _query(leaderboard.query),
        "tables": [_table(table) for table in leaderboard.tables],
        "left_out": list(leaderboard.left_out),
    }


def _query(query: Query) -> dict[str, Any]:
    return {**{name: value for name, value in vars(query).items() if name != "selection"}, "terms": str(query.selection or "")}


def _table(table: Table) -> dict[str, Any]:
    return {
        "benchmark": table.benchmark,
        "title": table.title,
        "backbone": table.backbone,
        "revision": table.revision,
        "columns": [_column(column) for column in table.columns],
        "averaged": [column.key for column in table.averaged],
        "settings": table.shared,
        "rows": [_row(table, row) for row in table.rows],
        "provenance": table.provenance,
    }


def _column(column: Column) -> dict[str, Any]:
    return {
        "key": column.key,
        "task": column.task,
        "title": column.title,
        "heading": column.heading,
        "version": column.version,
        "split": column.split,
        "metric": column.metric,
        "headline": column.headline,
    }


def _row(table: Table, row: Row) -> dict[str, Any]:
    beside = table.published_beside(row)
    return {
        "method": row.method,
        "title": row.title,
        "name": row.name,
        "origin": row.origin,
        "source": row.source,
        "settings": row.settings,
        "conditions": row.conditions,
        "tuning": asdict(row.tuning) | {"chosen_on": "dev"} if row.tuning else None,
        "trainable": row.trainable,
        "transfer": row.transfer,
        "cells": {key: _cell(cell, beside.cells.get(key) if beside else None, beside) for key, cell in row.cells.items()},
        "average": _average(table, row, beside),
    }


def _cell(cell: Cell, paper: Cell | None, beside: Row | None) -> dict[str, Any]:
    return {
        "mean": cell.mean,
        "std": cell.std,
        "values": cell.values,
        "seeds": cell.seeds,
        "runs": cell.run_ids,
        "others": cell.others,
        "standing": _standing(cell.standing),
        "published": _published(cell.mean, paper.mean if paper else None, beside),
    }


def _average(table: Table, row: Row, beside: Row | None) -> dict[str, Any] | None:
    mean = table.average(row)
    if mean is None:
        return None
    return {
        "mean": mean,
        "printed": row.printed_average,
        "standing": _standing(row.average_standing),
        "published": _published(mean, table.average(beside) if beside else None, beside),
    }


def _standing(standing: Standing | None) -> dict[str, Any] | None:
    if standing is None:
        return None
    against = standing.against
    return asdict(standing) | {"against": asdict(against) | {"verdict": against.verdict} if against else None}


def _published(ours: float, paper: float | None, row: Row | None) -> dict[str, Any] | None:
    """What a paper reports of the same, and ours minus theirs."""
    if paper is None or row is None:
        return None
    return {"value": paper, "difference": ours - paper, "source": row.source}
