"""Rendered by hand: what a model reads for each template."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from engine.catalog.catalog import BUILT_IN
from engine.data.labels import labels_of
from engine.data.loading import load_rows
from engine.data.templates import TEMPLATES, render
from engine.errors import UserError

WRITTEN = json.loads((Path(__file__).parent / "rendered.json").read_text(encoding="utf-8"))


def rendered(key: str, *rows: dict[str, Any]) -> Any:
    return render(BUILT_IN.tasks[key], pa.Table.from_pylist(list(rows)))


@pytest.mark.parametrize("key", BUILT_IN.tasks)
def test_a_row_becomes_what_was_written_by_hand(key: str) -> None:
    """``rendered.json``: a row as the hub has it, what a model reads of it, and its label by name, number or columns."""
    task, written = BUILT_IN.tasks[key], WRITTEN[key]
    table = pa.Table.from_pylist([written["row"]])
    result = render(task, table)
    assert [list(pair) for pair in result.sequences] == written["sequences"]
    assert task.max_length == written["max_length"]
    assert result.options == (2 if task.kind == "multiple_choice" else 1)
    label = (labels_of(task, table) if result.labels is None else result.labels).tolist()
    if task.kind in ("classification", "multiple_choice"):
        assert [task.labels[number] for number in label] == [written["label"]]
    else:
        assert label == (written["label"] if task.kind == "entity_ranking" else [written["label"]])
    assert (result.questions is not None) == (task.template == "multirc")
    assert (result.passages is not None) == (task.template in ("multirc", "record"))


@pytest.mark.parametrize(
    ("text", "noun", "index", "marked"),
    [
        ("Mark told  Pete lies. He laughed.", "Mark", 4, "Mark told Pete lies. *He* laughed."),
        ("Lily spoke to Donna, breaking her focus.", "Donna", 5, "Lily spoke to Donna, breaking *her* focus."),
        ("Sam liked him.", "Sam", 2, "Sam liked *him.*"),
    ],
)
def test_wsc_counts_words_between_blanks(text: str, noun: str, index: int, marked: str) -> None:
    row = {"text": text, "span1_text": noun, "span2_index": index}
    assert rendered("superglue/wsc", row).sequences == [(marked, noun)]


def test_wsc_index_outside_the_text() -> None:
    with pytest.raises(UserError, match="span2_index 9 lies outside its text of 3 words"):
        rendered("superglue/wsc", {"text": "Sam liked him.", "span1_text": "Sam", "span2_index": 9})


def test_copa_joins_by_because_or_so() -> None:
    row = {"premise": "It rained.", "choice1": "Clouds came.", "choice2": "We got wet."}
    result = rendered("superglue/copa", {**row, "question": "cause"}, {**row, "question": "effect"})
    assert result.options == 2
    assert result.sequences == [
        ("It rained. because", "Clouds came."),
        ("It rained. because", "We got wet."),
        ("It rained. so", "Clouds came."),
        ("It rained. so", "We got wet."),
    ]
    with pytest.raises(UserError, match="the question is 'Cause', neither cause nor effect"):
        rendered("superglue/copa", {**row, "question": "Cause"})


def test_multirc_puts_question_and_answer_together_and_names_questions() -> None:
    options = ((3, 7, "Who?", "Ann"), (3, 7, "Who?", ""), (4, 7, "Why?", "So"), (3, 7, "Who?", "Bob"))
    rows = [
        {"paragraph": "P", "question": question, "answer": answer, "idx": {"paragraph": paragraph, "question": number}}
        for paragraph, number, question, answer in options
    ]
    result = rendered("superglue/multirc", *rows)
    assert result.sequences == [("P", "Who? Ann"), ("P", "Who? "), ("P", "Why? So"), ("P", "Who? Bob")]
    assert result.questions == [(3, 7), (3, 7), (4, 7), (3, 7)] and result.passages == [3, 3, 4, 3]


def test_record_makes_one_example_per_candidate() -> None:
    rows = [
        {
            "passage": "Ann met Bob.\n@highlight\nBob left\n@highlight\nAnn stayed",
            "query": "@placeholder went, said @placeholder.",
            "entities": ["Ann", "Bob"],
            "answers": ["Bob"],
            "idx": {"passage": 0, "query": 0},
        },
        {
            "passage": "Cy.",
            "query": "@placeholder sang",
            "entities": ["Cy"],
            "answers": ["Cy"],
            "idx": {"passage": 1, "query": 1},
        },
    ]
    result = rendered("superglue/record", *rows)
    passage = "Ann met Bob.\n- Bob left\n- Ann stayed"
    assert result.sequences == [(passage, "Ann went, said Ann."), (passage, "Bob went, said Bob."), ("Cy.", "Cy sang")]
    assert result.labels.tolist() == [0, 1, 1]
    assert result.counts == [2, 1]
    assert result.candidates == [(["Ann", "Bob"], ["Bob"]), (["Cy"], ["Cy"])]


def test_every_task_renders_its_real_rows(data_dir: Path) -> None:
    assert {task.template for task in BUILT_IN.tasks.values()} | {"choice"} == set(TEMPLATES), "choice is for users' own tasks"
    for task in (task for name in ("glue", "superglue", "toy") for task in BUILT_IN.benchmarks[name].tasks):
        table = next(iter(load_rows(task, data_dir).values())).slice(0, 20)
        result = render(task, table)
        assert len(result.sequences) // result.options >= table.num_rows


def test_the_empty_answers_of_multirc_are_read_as_they_are(data_dir: Path) -> None:
    task = BUILT_IN.tasks["superglue/multirc"]
    table = load_rows(task, data_dir)["train"]
    empty = [row for row, answer in enumerate(table["answer"].to_pylist()) if not answer]
    sequences = render(task, table).sequences
    assert len(empty) == 3 and all(sequences[row][1] == f"{table['question'][row]} " for row in empty)


def test_wsc_marks_the_pronoun_in_all_real_rows(data_dir: Path) -> None:
    for table in load_rows(BUILT_IN.tasks["superglue/wsc"], data_dir).values():
        for first, _ in render(BUILT_IN.tasks["superglue/wsc"], table).sequences:
            assert first.count("*") == 2
