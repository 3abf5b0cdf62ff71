"""How a row becomes text: one function per template name of the catalog.

The wording is that of ScaLearn's released code (its SuperGLUE templates come from P-Tuning v2).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from engine.catalog.task import OwnData, TaskInfo
from engine.data.own_rows import GROUP_COLUMN
from engine.errors import UserError

Columns = dict[str, list[Any]]
GAP = "@placeholder"
"""What ReCoRD's queries have in the place of the entity."""


@dataclass(frozen=True)
class Rendered:
    """Examples of one split as text; example ``i`` owns sequences ``i * options .. (i + 1) * options - 1``."""

    sequences: list[tuple[str, str | None]]
    """First and second text; the second is None in every sequence or in none."""
    options: int = 1
    questions: list[Any] | None = None
    """Per row the name of the question that it answers, where rows share one."""
    passages: list[Any] | None = None
    """Per row the name of the passage that it is about, where rows share one."""
    counts: list[int] | None = None
    """Per row how many examples it becomes, which form a group; None where each becomes one."""
    labels: np.ndarray | None = None
    """int64 ``[examples]`` where a row becomes several; None where the label column is the label."""
    candidates: list[tuple[list[str], list[str]]] | None = None
    """Per row its candidates, each of which is an example, and the answers that they are scored against; None where
    rows have no candidates."""


def plain(task: TaskInfo, rows: Columns) -> Rendered:
    """One column, or two side by side."""
    columns = [rows[name] for name in task.columns]
    if len(columns) == 1:
        return Rendered([(text, None) for text in columns[0]])
    return Rendered(list(zip(*columns, strict=True)))


def wic(task: TaskInfo, rows: Columns) -> Rendered:
    """The word before each of the two sentences."""
    triples = zip(rows["word"], rows["sentence1"], rows["sentence2"], strict=True)
    return Rendered([(f"{word}: {first}", f"{word}: {second}") for word, first, second in triples])


def wsc(task: TaskInfo, rows: Columns) -> Rendered:
    """The text with its pronoun, a word between white space, in asterisks; then the noun that it may refer to."""
    sequences: list[tuple[str, str | None]] = []
    for text, noun, index in zip(rows["text"], rows["span1_text"], rows["span2_index"], strict=True):
        words = text.split()
        if not 0 <= index < len(words):
            raise UserError(f"{task.key}: span2_index {index} lies outside its text of {len(words)} words: {text[:60]!r}")
        words[index] = f"*{words[index]}*"
        sequences.append((" ".join(words), noun))
    return Rendered(sequences)


LINKS = {"cause": "because", "effect": "so"}


def copa(task: TaskInfo, rows: Columns) -> Rendered:
    """The premise with ``because`` (cause) or ``so`` (effect), once with each choice."""
    sequences: list[tuple[str, str | None]] = []
    for premise, question, *choices in zip(
        *(rows[name] for name in ("premise", "question", "choice1", "choice2")), strict=True
    ):
        if question not in LINKS:
            raise UserError(f"{task.key}: the question is {question!r}, neither cause nor effect")
        first = f"{premise} {LINKS[question]}"
        sequences += [(first, choice) for choice in choices]
    return Rendered(sequences, options=2)


def choice(task: TaskInfo, rows: Columns) -> Rendered:
    """The first column, once with each of the others."""
    columns = (rows[name] for name in task.columns)
    sequences: list[tuple[str, str | None]] = [
        (first, option) for first, *options in zip(*columns, strict=True) for option in options
    ]
    return Rendered(sequences, options=len(task.columns) - 1)


def multirc(task: TaskInfo, rows: Columns) -> Rendered:
    """The paragraph, then question and answer option as one text."""
    triples = zip(rows["paragraph"], rows["question"], rows["answer"], strict=True)
    return Rendered(
        [(paragraph, f"{question} {answer}") for paragraph, question, answer in triples],
        questions=[(index["paragraph"], index["question"]) for index in rows["idx"]],
        passages=[index["paragraph"] for index in rows["idx"]],
    )


def record(task: TaskInfo, rows: Columns) -> Rendered:
    """The passage, then the query with a candidate entity in its gap: one example per candidate."""
    sequences: list[tuple[str, str | None]] = []
    candidates, labels = [], []
    for passage, query, entities, answers in zip(*(rows[name] for name in task.columns), strict=True):
        passage = passage.replace("@highlight\n", "- ")
        for entity in entities:
            sequences.append((passage, query.replace(GAP, entity)))
            labels.append(int(entity in answers))
        candidates.append((entities, answers))
    return Rendered(
        sequences,
        passages=[index["passage"] for index in rows["idx"]],
        counts=[len(entities) for entities, _ in candidates],
        labels=np.array(labels, dtype=np.int64),
        candidates=candidates,
    )


@dataclass(frozen=True)
class Template:
    """How the rows of a task become text, and which of the columns that it reads are not plain text."""

    render: Callable[[TaskInfo, Columns], Rendered]
    positions: tuple[str, ...] = ()
    """Columns that hold the position of a word, from 0."""
    lists: tuple[str, ...] = ()
    """Columns that hold a list of texts."""
    answers: tuple[str, ...] = ()
    """Those of ``lists`` that are the label; rows to predict lack them."""
    gap: str = ""
    """Column in whose text each candidate replaces ``GAP``."""
    index: tuple[str, ...] = ()
    """What the column ``idx`` identifies by number; a template without any does not read that column."""


TEMPLATES: dict[str, Template] = {
    "plain": Template(plain),
    "wic": Template(wic),
    "wsc": Template(wsc, positions=("span2_index",)),
    "copa": Template(copa),
    "choice": Template(choice),
    "multirc": Template(multirc, index=("paragraph", "question")),
    "record": Template(record, lists=("entities", "answers"), answers=("answers",), gap="query", index=("passage",)),
}
"""By the name that tasks use."""


def render(task: TaskInfo, table: pa.Table) -> Rendered:
    """All examples of ``table`` by the task's template. Raises UserError for a row that the template cannot render.

    The groups of a user's own rows are their passages.
    """
    rendered = TEMPLATES[task.template].render(task, table.to_pydict())
    if isinstance(task.data, OwnData) and GROUP_COLUMN in table.column_names:
        return replace(rendered, passages=table[GROUP_COLUMN].to_pylist())
    return rendered
