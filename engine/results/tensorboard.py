"""Curves, settings and scores as event files that TensorBoard reads: one folder per run."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from engine.errors import UserError
from engine.registry.records import Run
from engine.results.reading import ChosenRuns, curve_rows, run_rows, score_rows
from engine.results.records import RunRow

INSTALL = "pip install 'scalearn-tui[tensorboard]'"
NOT_IN_NAMES = re.compile(r"[^\w.+-]+")
LONGEST_NAME = 100
"""Characters in front of a run's id in the name of its folder."""


def write_events(chosen: ChosenRuns, folder: Path) -> int:
    """Write all runs; returns the number of points and scores.

    Scores are in a folder ``scores`` of each run, as what its settings (hparams) led to. Raises UserError where the library is
    missing or ``folder`` is not new or empty: TensorBoard would show earlier events in it as those of the same run.
    """
    try:
        from tensorboardX import SummaryWriter
    except ImportError:
        raise UserError(f"event files of TensorBoard need another package: {INSTALL}") from None
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UserError(f"{folder} is there and not empty; name a new folder")
    count = 0
    for run, row in zip(chosen.runs, run_rows(chosen), strict=True):
        alone = ChosenRuns([run], chosen.reader, chosen.catalog)
        points = list(curve_rows(alone))
        scores = {f"{score.split}/{score.task}/{score.metric}": score.value for score in score_rows(alone)}
        if not points and not scores:
            continue
        began = _began(run)
        with SummaryWriter(str(folder / _name(row))) as writer:
            for point in points:
                writer.add_scalar(point.metric, point.value, point.step, walltime=began + (point.seconds or 0))
            if scores:
                writer.add_hparams(_hparams(row), scores, name="scores", global_step=run.step)
        count += len(points) + len(scores)
    return count


def _hparams(row: RunRow) -> dict[str, Any]:
    told = {"method": row.method, "backbone": row.backbone, "target": row.target, "seed": row.seed}
    return {**told, "sources": ",".join(row.sources), "shots": row.shots, **row.settings}


def _began(run: Run) -> float:
    """Seconds since 1970 at which its training would have begun if it had not been interrupted."""
    if run.ended_at:
        return run.ended_at.timestamp() - run.seconds
    return (run.started_at or run.created_at).timestamp()


def _name(row: RunRow) -> str:
    """``adapter-glue-rte-0-1a2b3c4d5e``."""
    return f"{NOT_IN_NAMES.sub('-', f'{row.method}-{row.target}-{row.seed}')[:LONGEST_NAME]}-{row.run}"
