"""Rendered by hand: what a model reads for each template."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from engine.catalog.benchmarks import BENCHMARKS, TASKS
from engine.data.loading import load_rows
from engine.data.templates import TEMPLATES, render
from engine.errors import UserError


def rendered(key: str, *rows: dict[str, Any]) -> Any:
    return render(TASKS[key], pa.Table.from_pylist(list(rows)))


@pytest.mark.parametrize(
    ("key", "row", "sequence"),
    [
        ("glue/cola", {"sentence": "They drank the pub dry."}, ("They drank the pub dry.", None)),
        ("glue/sst2", {"sentence": "a gem "}, ("a gem ", None)),
        ("glue/mrpc", {"sentence1": "A .", "sentence2": "B ."}, ("A .", "B .")),
        ("glue/stsb", {"sentence1": "A plane.", "sentence2": "An air plane."}, ("A plane.", "An air plane.")),
        ("glue/qqp", {"question1": "Why?", "question2": "How?"}, ("Why?", "How?")),
        ("glue/qnli", {"sentence": "In 1912.", "question": "When?"}, ("When?", "In 1912.")),
        ("glue/mnli", {"hypothesis": "H", "premise": "P"}, ("P", "H")),
        ("glue/rte", {"sentence2": "two", "sentence1": "one"}, ("one", "two")),
        ("superglue/cb", {"hypothesis": "H", "premise": "P"}, ("P", "H")),
        ("superglue/rte", {"hypothesis": "H", "premise": "P"}, ("P", "H")),
        ("superglue/boolq", {"passage": "Salt is salty.", "question": "is salt sweet"}, ("is salt sweet", "Salt is salty.")),
        (
            "superglue/wic",
            {"word": "place", "sentence1": "My place.", "sentence2": "No place here."},
            ("place: My place.", "place: No place here."),
        ),
        (
            "superglue/wsc",
            {"text": "Mark told  Pete lies. He laughed.", "span1_text": "Mark", "span2_index": 4},
            ("Mark told Pete lies. *He* laughed.", "Mark"),
        ),
        (
            "superglue/wsc",
            {"text": "Lily spoke to Donna, breaking her concentration.", "span1_text": "Donna", "span2_index": 5},
            ("Lily spoke to Donna, breaking *her* concentration.", "Donna"),
        ),
        ("superglue/wsc", {"text": "Sam liked him.", "span1_text": "Sam", "span2_index": 2}, ("Sam liked *him.*", "Sam")),
    ],
)
def test_one_sequence_per_row(key: str, row: dict[str, Any], sequence: tuple[str, str | None]) -> None:
    result = rendered(key, row)
    assert result.sequences == [sequence]
    assert result.options == 1
    assert result.groups is None and result.references is None and result.labels is None


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


def test_multirc_puts_question_and_answer_together_and_numbers_questions() -> None:
    options = ((3, 7, "Who?", "Ann"), (3, 7, "Who?", ""), (4, 7, "Why?", "So"), (3, 7, "Who?", "Bob"))
    rows = [
        {"paragraph": "P", "question": question, "answer": answer, "idx": {"paragraph": paragraph, "question": number}}
        for paragraph, number, question, answer in options
    ]
    result = rendered("superglue/multirc", *rows)
    assert result.sequences == [("P", "Who? Ann"), ("P", "Who? "), ("P", "Why? So"), ("P", "Who? Bob")]
    assert result.groups.tolist() == [0, 0, 1, 0] and result.passages.tolist() == [0, 0, 1, 0]


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
    assert result.groups.tolist() == [0, 0, 1]
    assert result.references == [[["Ann", "Bob"], ["Bob"]], [["Cy"], ["Cy"]]]


def test_every_template_of_the_catalog_exists_and_renders_real_rows(data_dir: Path) -> None:
    assert {task.template for task in TASKS.values()} == set(TEMPLATES)
    for task in (task for name in ("glue", "superglue", "toy") for task in BENCHMARKS[name].tasks):
        table = next(iter(load_rows(task, data_dir).values())).slice(0, 20)
        result = render(task, table)
        examples = len(result.sequences) // result.options
        assert examples >= table.num_rows
        assert result.options == (2 if task.kind == "multiple_choice" else 1)


def test_wsc_marks_the_pronoun_in_all_real_rows(data_dir: Path) -> None:
    for table in load_rows(TASKS["superglue/wsc"], data_dir).values():
        for first, _ in render(TASKS["superglue/wsc"], table).sequences:
            assert first.count("*") == 2
