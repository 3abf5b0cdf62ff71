"""MultiRC and ReCoRD through the whole pipeline, against figures recomputed from the files' rows by other code."""

from __future__ import annotations

import re
import string
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from sklearn.metrics import f1_score

from engine.catalog.catalog import BUILT_IN
from engine.catalog.methods import METHODS
from engine.data.prepared import TaskData, prepare, within_positions
from engine.runs.spec import RunSpec
from engine.training.build import build_model
from engine.training.device import choose_device
from engine.training.evaluation import measure, predict
from tests.material import DATA_DIR

CPU = choose_device("float32")


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first rows of the two tasks, under the folder that ``$DATA_DIR`` has them in."""
    if not (DATA_DIR / "super_glue").is_dir():
        pytest.skip("no task data; set DATA_DIR")
    small = tmp_path_factory.mktemp("data")
    for task, count in (("multirc", 400), ("record", 32)):
        (small / "super_glue" / task).mkdir(parents=True)
        for split in ("train", "validation"):
            name = f"super_glue/{task}/{split}.parquet"
            pq.write_table(pq.read_table(DATA_DIR / name).slice(0, count), small / name)
    return small


def rows_of(data_dir: Path, task: str, data: TaskData, split: str) -> list[dict[str, Any]]:
    """The rows behind dev or test, in the order in which the run has them."""
    official = "train" if split == "dev" else "validation"
    rows = pq.read_table(data_dir / "super_glue" / task / f"{official}.parquet").to_pylist()
    return [rows[row] for row in data.rows["dev"]] if split == "dev" else rows


def evaluated(key: str, tiny_backbone: Path, data_dir: Path, cache: Path) -> tuple[TaskData, dict[str, Any]]:
    """The task's data, and for dev and test an untrained model's logits and the figures that a run would report."""
    task = within_positions(BUILT_IN.tasks[key], 128)
    data = prepare(task, tiny_backbone, cache, data_dir)
    settings = METHODS["adapter"].resolve({}, key, "loss")
    names = {"backbone": "tiny", "backbone_revision": "r", "data": {key: "d"}}
    spec = RunSpec(method="adapter", targets=(key,), seed=3, hyperparameters=settings, **names)
    model = build_model(spec, METHODS["adapter"], tiny_backbone, [])
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    dev = predict(model, task, data.splits["dev"], CPU)
    # Half of dev is predicted to be of class 1.
    model.heads[key].out_proj.bias.data[1] -= float(np.median(dev[:, 1] - dev[:, 0]))
    results = {}
    for split in ("dev", "test"):
        logits = predict(model, task, data.splits[split], CPU)
        results[split] = logits, measure(task, data.splits[split], logits)
    return data, results


def test_multirc(tiny_backbone: Path, data_dir: Path, tmp_path: Path) -> None:
    data, results = evaluated("superglue/multirc", tiny_backbone, data_dir, tmp_path)
    for split, (logits, figures) in results.items():
        rows = rows_of(data_dir, "multirc", data, split)
        predicted = [int(positive > negative) for negative, positive in logits.tolist()]
        questions = defaultdict(list)
        for row, answer in zip(rows, predicted, strict=True):
            questions[row["paragraph"], row["question"]].append(answer == row["label"])
        assert len(questions) > 3 and 0 < sum(predicted) < len(predicted)
        assert figures["f1"] == pytest.approx(f1_score([row["label"] for row in rows], predicted))
        assert figures["exact_match"] == pytest.approx(sum(map(all, questions.values())) / len(questions))


def plain(text: str) -> list[str]:
    text = "".join(letter for letter in text.lower() if letter not in set(string.punctuation))
    return [word for word in re.split(r"\s+", text) if word not in ("", "a", "an", "the")]


def overlap(first_text: str, second_text: str) -> float:
    first, second, shared = plain(first_text), plain(second_text), 0
    left = list(second)
    for word in first:
        if word in left:
            left.remove(word)
            shared += 1
    if not shared:
        return 0.0
    precision, recall = shared / len(first), shared / len(second)
    return 2 * precision * recall / (precision + recall)


def test_record(tiny_backbone: Path, data_dir: Path, tmp_path: Path) -> None:
    data, results = evaluated("superglue/record", tiny_backbone, data_dir, tmp_path)
    for split, (logits, figures) in results.items():
        rows = rows_of(data_dir, "record", data, split)
        if split == "dev":  # candidates stand in the order of the file
            rows.sort(key=lambda row: (row["idx"]["passage"], row["idx"]["query"]))
        place, exact, shared = 0, [], []
        for row in rows:
            scored = sorted(zip(logits[place : place + len(row["entities"]), 1].tolist(), row["entities"], strict=True))
            place += len(row["entities"])
            chosen = scored[-1][1]
            exact.append(any(plain(chosen) == plain(answer) for answer in row["answers"]))
            shared.append(max(overlap(chosen, answer) for answer in row["answers"]))
        assert place == len(logits)
        assert figures["exact_match"] == pytest.approx(np.mean(exact)) and figures["f1"] == pytest.approx(np.mean(shared))
