"""Rows for tests of the registry."""

from __future__ import annotations

from engine.registry.records import Metric, Run
from tests.reports.rows import spec


def run(number: int, dev_only: bool = False, **fields: object) -> Run:
    declared = spec("adapter", "toy/question").model_copy(update={"dev_only": dev_only}).model_dump(mode="json")
    fields = {"method": "adapter", "target": "toy/question", "spec": declared, **fields}
    return Run(
        id=f"{number:010x}", fingerprint=f"{number:064x}", group_id="g", backbone="minilm", benchmark="toy", seed=0, **fields
    )


def point(run_id: str, step: int, value: float, attempt: int = 1, name: str = "train/loss") -> Metric:
    return Metric(run_id=run_id, name=name, step=step, value=value, epoch=step / 10, attempt=attempt)
