"""The papers' own figures, shown beside ours for the same benchmark and backbone."""

from __future__ import annotations

import csv
from pathlib import Path

import engine.catalog
from engine.catalog.task import BenchmarkInfo

FOLDER = Path(engine.catalog.__file__).parent / "published"


def published_results(benchmark: BenchmarkInfo, backbone: str) -> dict[str, dict[str, float]]:
    """Points (metric times 100) by method title and task key, in the paper's order; empty when nothing was published."""
    if benchmark.published is None or Path(benchmark.published).stem != f"{benchmark.name}_{backbone}":
        return {}
    results: dict[str, dict[str, float]] = {}
    with (FOLDER / benchmark.published).open(newline="", encoding="utf-8") as file:
        for line in csv.DictReader(file):
            figures = {task.key: line.get(benchmark.published_columns.get(task.name, task.name)) for task in benchmark.tasks}
            results[line["method"]] = {key: float(text) for key, text in figures.items() if text}
    return results
