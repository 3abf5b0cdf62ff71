"""Dataset repositories as people make them: configurations in the README, rows as parquet, CSV or JSON lines."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from engine.catalog.task import OwnData, TaskInfo
from engine.data.check_benchmark import Checked, checked
from engine.own_benchmarks.declaration import read_declaration

README = """---
configs:
- config_name: mood
  default: true
  data_files:
  - {split: train, path: mood/train-*}
  - {split: validation, path: mood/validation-*}
  - {split: test, path: mood/test-*}
- config_name: half
  data_files: mood/train-*
---
# Rows for tests
"""
LINES = """---
configs:
- config_name: topics
  data_files:
  - {split: train, path: topics.jsonl}
- config_name: choice
  data_files:
  - {split: train, path: choice.jsonl}
  - {split: dev, path: choice_dev.jsonl}
dataset_info:
- config_name: topics
  features:
  - {name: text, dtype: string}
  - name: labels
    sequence: {class_label: {names: {'0': music, '1': food}}}
- config_name: choice
  features:
  - {name: q, dtype: string}
  - name: choices
    struct: [{name: text, sequence: string}, {name: label, sequence: string}]
  - {name: answer, dtype: string}
---
"""
TABLE = """---
configs:
- config_name: default
  sep: ;
  data_files: stars/*.csv
---
"""


def write_repository(folder: Path, word: str = "first", hidden: bool = True) -> Path:
    """Parquet whose schema names the classes: ``mood``, whose test labels may be hidden, and ``half``, its training split."""
    (folder / "mood").mkdir(parents=True)
    (folder / "README.md").write_text(README)
    (folder / "secret.bin").write_bytes(b"not asked for")
    for split, count in (("train", 60), ("validation", 12), ("test", 8)):
        labels = [-1 if hidden and split == "test" else number % 2 for number in range(count)]
        texts = [f"{word} {split} number {number}" for number in range(count)]
        write_classes(folder / "mood" / f"{split}-00000-of-00001.parquet", texts, labels)
    return folder


def write_table_repository(folder: Path) -> Path:
    """CSV with another separator."""
    (folder / "stars").mkdir(parents=True)
    (folder / "README.md").write_text(TABLE)
    (folder / "stars" / "train.csv").write_text("title;stars\n" + "".join(f"title {n};{n / 4}\n" for n in range(40)))
    return folder


def write_lines_repository(folder: Path) -> Path:
    """JSON lines: ``topics``, whose classes the README names, and ``choice``, with options in an object."""
    folder.mkdir()
    (folder / "README.md").write_text(LINES)
    write_lines(folder / "topics.jsonl", [{"text": f"topic {n}", "labels": [n % 2] if n % 5 else [0, 1]} for n in range(40)])
    for name, count in (("choice", 40), ("choice_dev", 8)):
        rows = [
            {"q": f"{name} {n}", "choices": {"text": ["one", "two", "three"], "label": ["A", "B", "C"]}, "answer": "ABC"[n % 3]}
            for n in range(count)
        ]
        write_lines(folder / f"{name}.jsonl", rows)
    return folder


def write_classes(path: Path, texts: list[str], labels: list[int], names: tuple[str, ...] = ("pos", "neg")) -> None:
    """A parquet file as ``datasets`` writes it."""
    features = {"text": {"dtype": "string", "_type": "Value"}, "label": {"names": list(names), "_type": "ClassLabel"}}
    table = pa.table({"text": texts, "label": pa.array(labels, pa.int64())})
    about = {"huggingface": json.dumps({"info": {"features": features}})}
    pq.write_table(table.replace_schema_metadata(about), path)


def write_lines(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def declare(folder: Path, *keys: str) -> Path:
    """A declaration of the task ``own/t``; ``text`` is ``"{text}"`` unless given."""
    folder.mkdir(exist_ok=True)
    lines = ['name = "own"', "[tasks.t]", *keys]
    if not any(key.startswith("text") for key in keys):
        lines.append('text = "{text}"')
    path = folder / "own.toml"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def check(folder: Path, *keys: str) -> Checked:
    """What ``benchmarks add`` finds in the task with these keys. Raises UserError where it refuses."""
    return checked(read_declaration(declare(folder, *keys)))


def task_of(result: Checked) -> tuple[TaskInfo, OwnData]:
    (task,) = result.benchmark.tasks
    assert isinstance(task.data, OwnData)
    return task, task.data
