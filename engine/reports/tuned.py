"""Rows of settings that were chosen on dev, for each task its own: by the tuning of a sweep, or by ``best_of.py``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.registry.reading import Reader
from engine.registry.records import Run
from engine.reports.table import Column, Row, Tuning
from engine.sweeps.cells import from_records, request_command
from engine.sweeps.winners import Search, searches_of


@dataclass(frozen=True)
class Tuned:
    """Runs in the setting that one search has chosen."""

    sweep: str
    """Empty for ``Query.best_of``."""
    search: Search
    runs: list[Run]
    """Those that count, by seed."""
    asked_untuned: bool
    """Whether all of them were asked for without tuning too."""


def tuned_runs(reader: Reader, runs: Sequence[Run]) -> list[Tuned]:
    """What of ``runs`` the registered sweeps have chosen by tuning."""
    by_id = {run.id: run for run in runs}
    cells = {sweep.name: from_records(sweep.cells) for sweep in reader.sweeps()}
    untuned = {cell.run for of_sweep in cells.values() for cell in of_sweep if cell.search is None}
    found = []
    for sweep, of_sweep in cells.items():
        for search in searches_of(of_sweep, reader):
            chosen = [by_id[cell.run] for cell in search.chosen if cell.run in by_id]
            if chosen:
                others = all(run.id in untuned or run.command != request_command(sweep) for run in chosen)
                found.append(Tuned(sweep, search, sorted(chosen, key=lambda run: run.seed), others))
    return found


def tuning_of(tuned: Mapping[Column, Tuned]) -> Tuning | None:
    """How the settings of a row were chosen, by column; None for a row without."""
    if not tuned:
        return None
    first = next(iter(tuned.values()))
    searches = {of.search.number: of.search for of in tuned.values()}
    return Tuning(
        sweep=first.sweep,
        settings=max(len(search.trials) for search in searches.values()),
        seeds=first.search.seeds,
        steps=_sum([search.steps for search in searches.values()]),
        tried={column.key: _tried(of.search) for column, of in tuned.items()},
        best_of="" if first.sweep else ", ".join(first.search.varied),
    )


def tuning_notes(rows: Sequence[Row]) -> list[str]:
    """For each sweep that tuned some of the rows, what that took, and what ``Query.best_of`` chose: lines of the footer."""
    by_sweep: dict[str, list[tuple[Row, Tuning]]] = {}
    for row in rows:
        if row.tuning:
            by_sweep.setdefault(row.tuning.sweep, []).append((row, row.tuning))
    return [_note(sweep, tuned) for sweep, tuned in by_sweep.items()]


def _note(sweep: str, tuned: Sequence[tuple[Row, Tuning]]) -> str:
    titles = ", ".join(dict.fromkeys(row.title for row, _ in tuned))
    tried, steps = tuned[0][1], _sum([tuning.steps for _, tuning in tuned])
    if tried.best_of:
        return f"{tried.best_of} of {titles} on each target chosen on dev with the seeds that are reported, which flatters it"
    spent = f" ({steps:,} steps)" if steps is not None else ", of which not all runs are here"
    fresh = {seed for row, _ in tuned for cell in row.cells.values() for seed in cell.seeds}
    return (
        f"{tried.settings} settings of {titles} on each target, compared on dev with seed {_listed(tried.seeds)}"
        f"{spent}; the best reported with fresh seeds {_listed(sorted(fresh))}: `scalearn sweep show {sweep}`"
    )


def _sum(steps: Sequence[int | None]) -> int | None:
    known = [count for count in steps if count is not None]
    return sum(known) if len(known) == len(steps) else None


def _listed(seeds: Sequence[int]) -> str:
    return ", ".join(map(str, seeds))


def _tried(search: Search) -> list[dict[str, Any]]:
    """Every setting with its result on dev, in points."""
    return [
        {
            "setting": trial.setting,
            "chosen": number == search.winner,
            "dev": None if trial.mean is None else 100 * trial.mean,
            "values": [None if value is None else 100 * value for value in trial.values],
            "states": list(trial.states),
            "runs": list(trial.runs),
        }
        for number, trial in enumerate(search.trials)
    ]
