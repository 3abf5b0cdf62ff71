"""HumSet-shaped files of invented rows: the data's terms do not allow a copy of real ones."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

from engine.catalog.catalog import BUILT_IN

WORDS = "people in the north need water clinics report cases roads are closed families left schools reopened".split()  # noqa: SIM905


def invented_row(random: Random, number: int) -> dict[str, Any]:
    """One row in the schema of version 1.0.0; about every fifth has no label in a column."""
    row: dict[str, Any] = {
        "entry_id": f"{number:04d}", "lead_id": "7", "project_id": "3", "lang": random.choice(("en", "fr", "es")),
        "n_tokens": 12, "project_title": "Invented", "created_at": "2021-01-01", "document": "https://example.org",
        "excerpt": " ".join(random.choices(WORDS, k=12)) + f" {number}.",
    }  # fmt: skip
    for task in BUILT_IN.benchmarks["humset"].tasks:
        row[task.name] = random.sample(task.labels, k=random.choice((0, 1, 1, 1, 2)))
    return row


def write_humset(data_dir: Path, train: int = 60, validation: int = 20, test: int = 20) -> Path:
    """``data_dir`` with ``humset/{train,validation,test}.jsonl`` of invented rows."""
    random = Random(3)
    (data_dir / "humset").mkdir(parents=True)
    for split, count in (("train", train), ("validation", validation), ("test", test)):
        lines = [json.dumps(invented_row(random, number), ensure_ascii=False) for number in range(count)]
        (data_dir / "humset" / f"{split}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return data_dir
