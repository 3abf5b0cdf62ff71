"""The kinds of results, by the name that commands have for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.results.predictions import prediction_rows
from engine.results.reading import ChosenRuns, curve_rows, score_rows
from engine.results.rows import ResultRows
from engine.results.scales import scale_rows

KINDS: dict[str, Callable[[ChosenRuns], ResultRows[Any]]] = {
    "scores": score_rows,
    "curves": curve_rows,
    "predictions": prediction_rows,
    "scales": scale_rows,
}
