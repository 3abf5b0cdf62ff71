"""Results of runs for your own analysis: ``from engine import results``.

    results.scores("method:scalearn* target:rte").to_pandas()

Every function takes a selection, as ``scalearn ls`` does (all runs without one), and the home, by default that of the command
line. Its answer is iterated as frozen records (``engine.results.records``), or becomes a table with ``to_pandas()``. Raises
UserError, in one line, for a selection that cannot be understood and for a home that cannot be read.
"""

from __future__ import annotations

from pathlib import Path

from engine.errors import UserError
from engine.files.home import Home
from engine.plugins.home_catalog import load_catalog
from engine.registry.choosing import read_selection, select
from engine.registry.opening import open_reader
from engine.results.predictions import prediction_rows
from engine.results.reading import ChosenRuns, curve_rows, run_rows, score_rows
from engine.results.records import CurvePoint, Prediction, RunRow, Score, SourceScale
from engine.results.rows import ResultRows
from engine.results.scales import scale_rows

__all__ = [
    "CurvePoint", "Prediction", "ResultRows", "RunRow", "Score", "SourceScale",
    "curves", "predictions", "runs", "scales", "scores",
]  # fmt: skip


def runs(where: str = "", home: Path | str | None = None) -> ResultRows[RunRow]:
    """One row per run, the newest first."""
    return run_rows(chosen(where, home))


def scores(where: str = "", home: Path | str | None = None) -> ResultRows[Score]:
    """Final numbers: one row per run, task, split and metric."""
    return score_rows(chosen(where, home))


def curves(where: str = "", home: Path | str | None = None) -> ResultRows[CurvePoint]:
    """Points of curves, of unfinished runs too."""
    return curve_rows(chosen(where, home))


def predictions(where: str = "", home: Path | str | None = None) -> ResultRows[Prediction]:
    """What completed runs answered on their own splits, row by row, beside the gold labels."""
    return prediction_rows(chosen(where, home))


def scales(where: str = "", home: Path | str | None = None) -> ResultRows[SourceScale]:
    """How much completed runs take of each source adapter, layer by layer: learned scales, attention, weights of a soup."""
    return scale_rows(chosen(where, home))


def chosen(where: str, home: Path | str | None) -> ChosenRuns:
    """The runs of which the selection holds, the newest first."""
    if home and not Home(Path(home)).database.is_file():
        raise UserError(f"{home} has no registry of runs; name the folder that is SCALEARN_HOME of the command line")
    reader = open_reader(Home(Path(home)) if home else Home.default())
    catalog = load_catalog(reader.home)
    return ChosenRuns(select(read_selection((where,), reader, catalog), reader), reader, catalog)
