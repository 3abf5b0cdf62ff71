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

from engine.catalog.kinds import KINDS
from engine.catalog.task import TaskInfo
from engine.child_main import exit_code_of
from engine.data.new_texts import Row, tokenized, windows
from engine.data.prepared import within_positions
from engine.data.tokenizer import BackboneTokenizer, check_vocabulary
from engine.errors import UserError
from engine.files.home import Home
from engine.inference.load import Trained, load_trained
from engine.inference.memory import tokens_per_batch
from engine.metrics.scoring import best_candidates
from engine.plugins.home_catalog import load_catalog
from engine.registry.store import open_store
from engine.training.evaluation import predict

STDIN = "-"
IDS = ("id", "idx")
"""Fields of a line that are repeated in its answer."""


def answers(trained: Trained, task: TaskInfo, file: BinaryIO, name: str) -> Iterator[dict[str, Any]]:
    """One answer per line of ``file``, in order. Raises UserError, ``name:line: reason``, for a malformed line."""
    task = within_positions(task, trained.config.max_length)
    tokenizer = BackboneTokenizer(trained.folder)
    batch_tokens = tokens_per_batch(trained.device, trained.config, task.max_length)
    for lines in windows(file, name, task):
        split = tokenized(lines, name, task, tokenizer)
        check_vocabulary(split.tokens, trained.config.vocab_size, trained.folder)
        tokenizer.forget()
        rows = [row for _, row in lines]
        logits = predict(trained.model, task, split, trained.device, batch_tokens)
        for row, answer in zip(rows, worded(task, rows, logits), strict=True):
            yield {**{key: row[key] for key in IDS if key in row}, **answer}


def worded(task: TaskInfo, rows: Sequence[Row], logits: np.ndarray) -> Iterator[dict[str, Any]]:
    """The prediction for each row from ``logits`` ``[examples, outputs]``: by kind, a value, label, labels or entity."""
    if task.kind == "regression":
        return ({"value": _number(value)} for value in logits[:, 0])
    if task.kind == "multilabel":
        return (_labels(task, row_logits) for row_logits in logits)
    if KINDS[task.kind].ranks_candidates:
        return _entities(rows, logits)
    predicted = zip(rows, logits.argmax(axis=1), softmax(logits), strict=True)
    return (_label(task, row, index, probabilities) for row, index, probabilities in predicted)


def softmax(logits: np.ndarray) -> np.ndarray:
    """Softmax of each row of ``[rows, outputs]``, in float64."""
    shifted = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    return shifted / shifted.sum(axis=1, keepdims=True)


def _label(task: TaskInfo, row: Row, index: int, probabilities: np.ndarray) -> dict[str, Any]:
    label = task.labels[index]
    options = task.columns[-len(task.labels) :]
    text = {"text": row[options[index]]} if task.kind == "multiple_choice" else {}
    return {"label": label, **text, "score": _number(probabilities[index]), "probabilities": _named(task, probabilities)}


def _labels(task: TaskInfo, logits: np.ndarray) -> dict[str, Any]:
    chosen = [label for label, logit in zip(task.labels, logits, strict=True) if logit > 0]
    return {"labels": chosen, "probabilities": _named(task, 1 / (1 + np.exp(-logits.astype(np.float64))))}


def _entities(rows: Sequence[Row], logits: np.ndarray) -> Iterator[dict[str, Any]]:
    candidates = [(number, entity) for number, row in enumerate(rows) for entity in row["entities"]]
    groups = np.array([number for number, _ in candidates])
    best = best_candidates(logits, groups, [(entity, []) for _, entity in candidates])
    scores: list[dict[str, float]] = [{} for _ in rows]
    for (number, entity), probability in zip(candidates, softmax(logits)[:, 1], strict=True):
        scores[number][entity] = _number(probability)
    for (entity, _), row_scores in zip(best, scores, strict=True):
        yield {"entity": entity, "score": row_scores[entity], "probabilities": row_scores}


def _named(task: TaskInfo, probabilities: np.ndarray) -> dict[str, float]:
    return {label: _number(value) for label, value in zip(task.labels, probabilities, strict=True)}


def _number(value: Any) -> float:
    """The shortest decimal that is the same float32."""
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
        trained = load_trained(store, store.find(options.run_id), load_catalog(store.home))
        with open(sys.stdin.fileno() if options.file == STDIN else options.file, "rb", closefd=options.file != STDIN) as file:
            name = "stdin" if options.file == STDIN else options.file
            for answer in answers(trained, trained.spec.task(options.task), file, name):
                out.write(json.dumps(answer, ensure_ascii=False).encode(errors="replace") + b"\n")
        out.flush()
    except (MemoryError, torch.OutOfMemoryError):
        message = "out of memory; end other processes on this machine, or hide the GPU with CUDA_VISIBLE_DEVICES="
        raise UserError(message, exit_code=1) from None
    except BrokenPipeError:
        # The reader closed the pipe.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    sys.exit(main())
