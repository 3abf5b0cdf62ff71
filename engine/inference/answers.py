"""What a trained model answers to new texts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from engine.catalog.kinds import KINDS
from engine.catalog.task import TaskInfo
from engine.data.candidates import alphabetical
from engine.data.new_texts import IDS, CheckedTexts, Row, tokenized
from engine.data.prepared import within_positions
from engine.data.tokenizer import BackboneTokenizer, check_vocabulary
from engine.inference.load import Trained
from engine.inference.memory import tokens_per_batch
from engine.metrics.answers import answers_of, number, softmax
from engine.metrics.scoring import best_candidates
from engine.training.evaluation import predict


def answers(trained: Trained, task: TaskInfo, texts: CheckedTexts, name_lines: bool = False) -> Iterator[dict[str, Any]]:
    """One answer for each of ``texts``, in order; with ``name_lines`` it begins with the ``line`` that it answers."""
    task = within_positions(task, trained.config.max_length)
    tokenizer = BackboneTokenizer(trained.folder)
    batch_tokens = tokens_per_batch(trained.device, trained.config, task.max_length)
    for lines in texts.windows():
        split = tokenized(lines, task, tokenizer)
        check_vocabulary(split.tokens, trained.config.vocab_size, trained.folder)
        tokenizer.forget()
        logits = predict(trained.model, task, split, trained.device, batch_tokens)
        rows = [row for _, row in lines]
        for (line, row), answer in zip(lines, worded(task, rows, logits), strict=True):
            place = {"line": line} if name_lines else {}
            yield {**place, **{key: row[key] for key in IDS if key in row}, **answer}


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
