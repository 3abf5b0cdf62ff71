"""The built-in rows: the same everywhere, balanced, without repeats, and not to be solved by words alone."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression

from engine.catalog.benchmarks import GENERATOR_VERSION
from engine.catalog.catalog import BUILT_IN
from engine.data.labels import labels_of
from engine.data.templates import render
from engine.data.toy import generate

TASKS_HERE = BUILT_IN.benchmarks["toy"].tasks
DIGESTS = {
    "9565b734d10c0faf02f6815cd66a07cae34d2e4fa56f8bdcf6faf630a3744a0a": (
        "sentiment entailment similarity choice topics question"
    ),
    "4232570dd14d2ba2ff045c965670e87bc7d21145f18013b8e7eb28f057532670": "claim",
}
"""Of ``GENERATOR_VERSION``'s rows of some tasks. Rows that change need a new version, or old runs would seem repeatable."""


DIGEST_CODE = """
import hashlib, json, sys
from engine.catalog.catalog import BUILT_IN
from engine.data.toy import generate
tables = {task.name: generate(task) for task in BUILT_IN.benchmarks["toy"].tasks if task.name in sys.argv[1:]}
rows = {name: {split: table.to_pylist() for split, table in splits.items()} for name, splits in tables.items()}
print(hashlib.sha256(json.dumps(rows, sort_keys=True).encode()).hexdigest())
"""


@pytest.mark.parametrize("hash_seed", ["0", "77"])
def test_the_rows_belong_to_the_version_whatever_the_hash_seed(hash_seed: str) -> None:
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    assert " ".join(DIGESTS.values()).split() == [task.name for task in TASKS_HERE]
    for digest, names in DIGESTS.items():
        command = [sys.executable, "-c", DIGEST_CODE, *names.split()]
        answer = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        assert (GENERATOR_VERSION, answer.stdout.strip()) == ("toy-1", digest)


@pytest.mark.parametrize("task", TASKS_HERE, ids=lambda task: task.name)
def test_nothing_occurs_twice_and_classes_are_balanced(task: Any) -> None:
    tables = generate(task)
    texts = [tuple(row[name] for name in task.columns) for table in tables.values() for row in table.to_pylist()]
    assert len(set(texts)) == len(texts) == sum(task.official_sizes.values())
    for table in tables.values():
        labels = labels_of(task, table)
        if task.kind in ("classification", "multiple_choice"):
            share = np.bincount(labels) / len(labels)
            assert share == pytest.approx(np.full(len(task.labels), 1 / len(task.labels)), abs=0.01)
        elif task.kind == "multilabel":
            assert ((labels.mean(axis=0) > 0.15) & (labels.mean(axis=0) < 0.4)).all()
        else:
            assert labels.min() == 0 and labels.max() == 5 and labels.std() > 1


@pytest.mark.parametrize("task", TASKS_HERE, ids=lambda task: task.name)
def test_the_test_split_has_words_that_training_lacks(task: Any) -> None:
    tables = generate(task)
    words = {split: set(CountVectorizer().fit(texts(task, table)).vocabulary_) for split, table in tables.items()}
    assert len(words["validation"] - words["train"]) > 0.15 * len(words["validation"])
    assert len(words["validation"] & words["train"]) > 0.4 * len(words["validation"])


@pytest.mark.parametrize("name", ["sentiment", "entailment", "choice", "question", "claim"])
def test_words_alone_do_not_solve_a_task(name: str) -> None:
    task = BUILT_IN.tasks[f"toy/{name}"]
    tables = generate(task)
    labels = {split: labels_of(task, table) for split, table in tables.items()}
    counts = CountVectorizer(ngram_range=(1, 2))
    if task.kind == "multiple_choice":
        pairs = {split: [" ".join(pair) for pair in render(task, table).sequences] for split, table in tables.items()}
        right = np.eye(2)[labels["train"]].ravel()
        model = LogisticRegression(max_iter=500).fit(counts.fit_transform(pairs["train"]), right)
        predicted = model.decision_function(counts.transform(pairs["validation"])).reshape(-1, 2).argmax(axis=1)
    else:
        model = LogisticRegression(max_iter=500).fit(counts.fit_transform(texts(task, tables["train"])), labels["train"])
        predicted = model.predict(counts.transform(texts(task, tables["validation"])))
    assert (predicted == labels["validation"]).mean() < 0.75


def texts(task: Any, table: Any) -> list[str]:
    return [" ".join(row[name] for name in task.columns) for row in table.to_pylist()]
