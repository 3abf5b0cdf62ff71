"""Labels for new texts: ``python -m engine.inference.predict RUN_ID FILE --task KEY --home FOLDER``.

Reads JSON lines from FILE, or from standard input for ``-``, and writes one JSON line for each, in order. Examples are
sorted by length within a window of some thousand lines, so that a file of any length needs the same memory.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import torch

from engine.catalog.task import TaskInfo
from engine.child_main import exit_code_of
from engine.data.prepared import within_positions
from engine.data.tokenizer import BackboneTokenizer
from engine.data.unlabelled import Row, tokenized, windows
from engine.errors import UserError
from engine.files.home import Home
from engine.inference.load import Trained, load_trained
from engine.inference.memory import tokens_at_once
from engine.metrics.scoring import best_candidates
from engine.own_benchmarks.stored import load_catalog
from engine.registry.store import open_store
from engine.training.evaluation import predict
from engine.training.setup import check_tokens

STDIN = "-"
IDS = ("id", "idx")
"""Fields of a line that are repeated in its answer."""


def answers(trained: Trained, task: TaskInfo, file: BinaryIO, name: str) -> Iterator[dict[str, Any]]:
    """One for each line. Raises UserError, ``name:line: reason``, for a line that is not as it should be."""
    task = within_positions(task, trained.config.max_length)
    tokenizer = BackboneTokenizer(trained.folder)
    at_once = tokens_at_once(trained.device, trained.config, task.max_length)
    for lines in windows(file, name, task):
        split = tokenized(lines, name, task, tokenizer)
        check_tokens(split, trained.config, trained.folder)
        tokenizer.forget()
        rows = [row for _, row in lines]
        logits = predict(trained.model, task, split, trained.device, at_once)
        for row, answer in zip(rows, told(task, rows, logits), strict=True):
            yield {**{key: row[key] for key in IDS if key in row}, **answer}


def told(task: TaskInfo, rows: Sequence[Row], logits: np.ndarray) -> Iterator[dict[str, Any]]:
    """What ``logits`` ``[examples, outputs]`` say of each row, in the words of its kind of task."""
    if task.kind == "regression":
        return ({"value": _number(value)} for value in logits[:, 0])
    if task.kind == "multilabel":
        return (_labels(task, one) for one in logits)
    if task.kind == "entity_ranking":
        return _entities(rows, logits)
    return (_label(task, *one) for one in zip(rows, logits.argmax(axis=1), softmax(logits), strict=True))


def softmax(logits: np.ndarray) -> np.ndarray:
    """Of each row, in float64."""
    shifted = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    return shifted / shifted.sum(axis=1, keepdims=True)


def _label(task: TaskInfo, row: Row, place: int, probabilities: np.ndarray) -> dict[str, Any]:
    label = task.labels[place]
    options = task.columns[-len(task.labels) :]
    text = {"text": row[options[place]]} if task.kind == "multiple_choice" else {}
    return {"label": label, **text, "score": _number(probabilities[place]), "probabilities": _named(task, probabilities)}


def _labels(task: TaskInfo, logits: np.ndarray) -> dict[str, Any]:
    chosen = [label for label, logit in zip(task.labels, logits, strict=True) if logit > 0]
    return {"labels": chosen, "probabilities": _named(task, 1 / (1 + np.exp(-logits.astype(np.float64))))}


def _entities(rows: Sequence[Row], logits: np.ndarray) -> Iterator[dict[str, Any]]:
    candidates = [(place, entity) for place, row in enumerate(rows) for entity in row["entities"]]
    groups = np.array([place for place, _ in candidates])
    best = best_candidates(logits, groups, [(entity, []) for _, entity in candidates])
    scores: list[dict[str, float]] = [{} for _ in rows]
    for (place, entity), probability in zip(candidates, softmax(logits)[:, 1], strict=True):
        scores[place][entity] = _number(probability)
    for (entity, _), found in zip(best, scores, strict=True):
        yield {"entity": entity, "score": found[entity], "probabilities": found}


def _named(task: TaskInfo, probabilities: np.ndarray) -> dict[str, float]:
    return {label: _number(value) for label, value in zip(task.labels, probabilities, strict=True)}


def _number(value: Any) -> float:
    """The shortest one that is the same in float32."""
    return float(str(np.float32(value)))


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m engine.inference.predict", description="Label new texts.")
    parser.add_argument("run_id")
    parser.add_argument("file")
    parser.add_argument("--task", required=True, help="key of one of the run's tasks")
    parser.add_argument("--home", type=Path, required=True)
    options = parser.parse_args(arguments)
    return exit_code_of(lambda: _write_answers(options))


def _write_answers(options: argparse.Namespace) -> None:
    out = sys.stdout.buffer
    try:
        store = open_store(Home(options.home), migrate=False)
        trained = load_trained(store, store.find(options.run_id), load_catalog(store.home.benchmarks))
        with open(sys.stdin.fileno() if options.file == STDIN else options.file, "rb", closefd=options.file != STDIN) as file:
            name = "stdin" if options.file == STDIN else options.file
            for answer in answers(trained, trained.spec.task(options.task), file, name):
                out.write(json.dumps(answer, ensure_ascii=False).encode(errors="replace") + b"\n")
        out.flush()
    except (MemoryError, torch.OutOfMemoryError):
        message = "out of memory; end other processes on this machine, or hide the GPU with CUDA_VISIBLE_DEVICES="
        raise UserError(message, exit_code=1) from None
    except BrokenPipeError:
        # The reader has closed the pipe: it needs no more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    sys.exit(main())
