"""A benchmark as a user has it: a TOML file, and tables of all kinds beside it."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

MINIMAL = """\
name = "shop"

[tasks.mood]
train = "reviews.csv"
test = 0.2
text = "{review}"
"""
SHOP = f"""\
{MINIMAL}
[tasks.stars]
kind = "regression"
train = "stars.tsv"
test = 0.25
dev = 0.25
text = "Title: {{title}}"
pair = "{{body}}"
label = "stars"

[tasks.next]
title = "What comes next"
kind = "multiple_choice"
train = "next.jsonl"
test = "next_test.jsonl"
text = "{{start}}"
options = "{{endings}}"

[tasks.topics]
kind = "multilabel"
train = "topics.parquet"
dev = "topics_dev.csv"
test = "topics_test.jsonl"
text = "{{text}}"
label = "topics"
separator = "|"
"""
TOPICS = (["food"], [], ["food", "music"])


def write_shop(folder: Path, declaration: str = SHOP, rows: int = 40) -> Path:
    """The files of ``SHOP`` below ``folder``, and the path of its TOML file."""
    folder.mkdir(parents=True, exist_ok=True)
    numbers = range(rows)
    write_table(folder / "reviews.csv", [{"review": f"number {n}", "label": "good" if n % 2 else "bad"} for n in numbers])
    write_table(folder / "stars.tsv", [{"title": f"t {n}", "body": f"body, {n}", "stars": n / 10} for n in numbers])
    for name, count in (("next.jsonl", rows), ("next_test.jsonl", 4)):
        lines = [{"start": f"it {n}", "endings": ["goes", f"went {n}", "is"], "label": n % 3} for n in range(count)]
        write_table(folder / name, lines)
    topics = [{"text": f"text {n}", "topics": TOPICS[n % 3]} for n in numbers]
    write_table(folder / "topics.parquet", topics)
    write_table(folder / "topics_dev.csv", [{**row, "topics": "|".join(row["topics"])} for row in topics[:6]])
    write_table(folder / "topics_test.jsonl", topics[:5])
    path = folder / "shop.toml"
    path.write_text(declaration, encoding="utf-8")
    return path


def write_table(path: Path, rows: list[dict]) -> Path:
    """``rows`` in the format that the file name's ending selects."""
    if path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    elif path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    else:
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(rows[0]), delimiter="\t" if path.suffix == ".tsv" else ",")
            writer.writeheader()
            writer.writerows(rows)
    return path
