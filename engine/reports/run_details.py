"""What a page says of the runs behind a cell: how they ended, their curves, and the command that asks for them again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from engine.registry.reading import Reader
from engine.registry.records import Metric, Run
from engine.reports.table import Leaderboard

MOST_POINTS = 100
"""Of a curve: a page holds those of many runs."""
DIGITS = 5
"""Significant ones of a point."""
Curve = list[tuple[int, float]]
"""Step and value."""


@dataclass(frozen=True)
class RunDetails:
    """One run."""

    seed: int
    target: str
    best_epoch: int | None
    epochs: int
    seconds: float
    device: str | None
    command: str
    curves: dict[str, Curve]
    """By name, ``train/loss``, ``dev/accuracy``; without those of the machine."""


def run_details(reader: Reader, leaderboard: Leaderboard, command: Callable[[Run], str]) -> dict[str, RunDetails]:
    """All runs of the leaderboard's cells, by id."""
    rows = (row for table in leaderboard.tables for row in table.rows)
    ids = dict.fromkeys(run_id for row in rows for cell in row.cells.values() for run_id in cell.run_ids)
    runs = {run.id: run for run in reader.runs(ids=list(ids))} if ids else {}
    return {run_id: _details(runs[run_id], reader.metrics(run_id), command) for run_id in ids if run_id in runs}


def _details(run: Run, points: Iterable[Metric], command: Callable[[Run], str]) -> RunDetails:
    curves: dict[str, Curve] = {}
    for point in points:
        if not point.name.startswith("system/"):
            curves.setdefault(point.name, []).append((point.step, float(f"{point.value:.{DIGITS}g}")))
    return RunDetails(
        seed=run.seed,
        target=run.target,
        best_epoch=run.best_epoch,
        epochs=run.epochs,
        seconds=round(run.seconds, 1),
        device=run.device,
        command=command(run),
        curves={name: thinned(curve) for name, curve in curves.items()},
    )


def thinned(curve: Sequence[tuple[int, float]], most: int = MOST_POINTS) -> Curve:
    """At most ``most`` of the points, evenly spread, with the first and the last."""
    if len(curve) <= most:
        return list(curve)
    return [curve[round(index * (len(curve) - 1) / (most - 1))] for index in range(most)]
