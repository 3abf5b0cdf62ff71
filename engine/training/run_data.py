"""The data of a run's targets, as its first attempt was given it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from engine.data.prepared import Rows, TaskData, prepare, within_positions
from engine.encoder.config import EncoderConfig
from engine.files.home import Home
from engine.runs.spec import RunSpec


def run_data(home: Home, spec: RunSpec, folder: Path, config: EncoderConfig, rows: Mapping[str, Rows]) -> dict[str, TaskData]:
    """By task key. ``rows`` are those of an earlier attempt; ``folder`` has the backbone's files. Raises as ``prepare``."""
    return {
        task.key: prepare(
            within_positions(task, config.max_length),
            folder,
            home.tokens,
            Path(spec.data_dir) if spec.data_dir else None,
            spec.limits,
            rows=rows.get(task.key),
            shots=spec.shots,
            seed=spec.seed,
            identity=spec.data[task.key],
            vocab_size=config.vocab_size,
        )
        for task in spec.tasks
    }
