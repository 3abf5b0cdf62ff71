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

from engine.catalog.kinds import KINDS
from engine.catalog.task import TaskInfo
from engine.child_main import exit_code_of
from engine.data.candidates import alphabetical
from engine.data.new_texts import Row, tokenized, windows
from engine.data.prepared import within_positions
from engine.data.tokenizer import BackboneTokenizer, check_vocabulary
from engine.errors import UserError
from engine.files.home import Home
from engine.inference.load import Trained, load_trained
from engine.inference.memory import tokens_per_batch
from engine.metrics.answers import answers_of, number, softmax
from engine.metrics.scoring import best_candidates
from engine.plugins.home_catalog import load_catalog
from engine.registry.store import open_store
from engine.training.device import is_out_of_memory
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
    """The prediction for each row from ``logits`` ``[examples, outputs]``; of a choice also the option's text, of a ranking
    ``entity``, its ``score`` and the ``probabilities`` of all entities."""
    if KINDS[task.kind].ranks_candidates:
        yield from _entities(rows, logits)
        return
    options = task.columns[-len(task.labels) :]
    for row, answer in zip(rows, answers_of(task, logits), strict=True):
        if task.kind == "multiple_choice":
            label = answer.pop("label")
            answer = {"label": label, "text": row[options[task.labels.index(label)]], **answer}
        yield answer


def _entities(rows: Sequence[Row], logits: np.ndarray) -> Iterator[dict[str, Any]]:
    groups = np.repeat(np.arange(len(rows)), [len(row["entities"]) for row in rows])
    entities = [entity for row in rows for entity in row["entities"]]
    ranks = np.array([rank for row in rows for rank in alphabetical(row["entities"])])
    scores: list[dict[str, float]] = [{} for _ in rows]
    for group, entity, probability in zip(groups.tolist(), entities, softmax(logits)[:, 1], strict=True):
        scores[group][entity] = number(probability)
    for best, row_scores in zip(best_candidates(logits, groups, ranks).tolist(), scores, strict=True):
        yield {"entity": entities[best], "score": row_scores[entities[best]], "probabilities": row_scores}


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
    except BrokenPipeError:
        # The reader closed the pipe.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        message = "out of memory; end other processes on this machine, or hide the GPU with CUDA_VISIBLE_DEVICES="
        raise UserError(message, exit_code=1) from None


if __name__ == "__main__":
    sys.exit(main())
