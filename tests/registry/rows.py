"""Rows for tests of the registry."""

from __future__ import annotations

from engine.registry.records import Metric, Run


def run(number: int, **fields: object) -> Run:
    fields = {"method": "adapter", "target": "toy/question", "spec": {"number": number}, **fields}
    return Run(
        id=f"{number:010x}", fingerprint=f"{number:064x}", group_id="g", backbone="minilm", benchmark="toy", seed=0, **fields
    )


def point(run_id: str, step: int, value: float, attempt: int = 1, name: str = "train/loss") -> Metric:
    return Metric(run_id=run_id, name=name, step=step, value=value, epoch=step / 10, attempt=attempt)
