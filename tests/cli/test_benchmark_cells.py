"""Cells of users' tables: quotes, several lines, lists, scores and ids."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine.data.loading import load_rows
from scalearn_tui.cli.exits import ExitCode
from tests.own_benchmarks.adding import Adding, codes

LONE = "text\tlabel\n" + "".join(
    f"{begin}sentence {n}{end}\t{'ab'[n % 2]}\n"
    for n in range(40)
    for begin, end in [('"' if n == 10 else "", '"' if n == 25 else "")]
)


@pytest.mark.parametrize("name", ["rows.tsv", "rows.csv"])
def test_lone_quotes_swallow_no_rows_in_silence(name: str, adding: Adding) -> None:
    adding.file(name, LONE if name == "rows.tsv" else LONE.replace("\t", ","))
    code, document, _ = adding.run(train=name)
    assert code == ExitCode.OK and ("multiline_cell", name, 12) in codes(document)
    code, document, _ = adding.run("quoted = false", train=name)
    assert (code, document["notices"], sum(document["tasks"][0]["rows"].values())) == (ExitCode.OK, [], 40)
    assert load_rows(adding.stored().tasks[0], None)["train"]["text"][10].as_py() == '"sentence 10'
    _, document, _ = adding.run("quoted = true", train=name)
    assert [code for code, *_ in codes(document)] == [] and sum(document["tasks"][0]["rows"].values()) == 25
    adding.file(name, (LONE if name == "rows.tsv" else LONE.replace("\t", ",")).replace('25"', "25"))
    code, _, err = adding.run(train=name)
    assert code == ExitCode.USAGE and f"{name}:12: the quotes of this row do not match" in err and "quoted = false" in err


def test_texts_of_several_lines_in_csv_are_plain(adding: Adding) -> None:
    adding.file("rows.csv", "text,label\n" + "".join(f'"Dear {n},\nthis is it.\n\nYours",{"ab"[n % 2]}\n' for n in range(20)))
    code, document, _ = adding.run()
    assert (code, document["notices"]) == (ExitCode.OK, [])
    code, _, err = adding.run('quoted = "no"')
    assert code == ExitCode.USAGE and 'tasks.t.quoted must be true or false, not "no"' in err
    adding.rows(["a", "b"], "rows.jsonl")
    code, _, err = adding.run("quoted = false", train="rows.jsonl")
    assert code == ExitCode.USAGE and "tasks.t.quoted is for CSV and TSV" in err


@pytest.mark.parametrize("form", [repr, json.dumps, lambda names: "|".join(names)])
@pytest.mark.parametrize("separator", [(), ('separator = "|"',)])
def test_lists_in_cells_are_parsed(form: Any, separator: tuple[str, ...], adding: Adding) -> None:
    lists = [["Food"], [], ["Health", "WASH"], ["Protection", "Food"]] * 10
    adding.rows([form(names) for names in lists])
    code, _, err = adding.run('kind = "multilabel"', *separator)
    if form in (repr, json.dumps) or separator:
        assert code == ExitCode.OK, err
        (task,) = adding.stored().tasks
        assert task.labels == ("Food", "Health", "Protection", "WASH")
        assert load_rows(task, None)["train"]["label"].to_pylist() == lists
    else:
        assert code == ExitCode.USAGE and 'rows.csv:2: column "label" holds text' in err


@pytest.mark.parametrize("cell", ["['a' 'b']", "[a, b]", "[['a']]"])
def test_lists_that_cannot_be_parsed_are_refused(cell: str, adding: Adding) -> None:
    adding.rows(["['a']", "['b']", cell])
    code, _, err = adding.run('kind = "multilabel"', 'separator = ","')
    assert (
        code == ExitCode.USAGE
        and f'rows.csv:4: column "label" looks like a list but is none in JSON or Python: "{cell}"' in err
    )
    adding.rows(["a", "b", "['a']"] * 5)
    code, _, err = adding.run()
    assert code == ExitCode.USAGE and 'rows.csv:4: column "label" holds a list' in err and 'kind = "multilabel"' in err
    adding.rows(["[NEG]", "[POS]"] * 5)
    assert adding.run('labels = ["[NEG]", "[POS]"]')[0] == ExitCode.OK


@pytest.mark.parametrize("vectors", [[[1, 0, 1], [0, 1, 0]], [[1, 0], [0, 1]], [[True, False]], ["[1, 0]", "[1, 1]"]])
@pytest.mark.parametrize("keys", [(), ('labels = ["a", "b", "c"]',)])
def test_vectors_of_0_and_1_are_no_lists_of_labels(vectors: list[Any], keys: tuple[str, ...], adding: Adding) -> None:
    adding.rows(vectors * 10, "rows.jsonl")
    code, _, err = adding.run('kind = "multilabel"', *keys, train="rows.jsonl")
    assert (
        code == ExitCode.USAGE and 'rows.jsonl:1: column "label" holds vectors of 0 and 1; write the labels that apply' in err
    )


def test_separators_and_repeated_labels(adding: Adding) -> None:
    adding.rows(["A; B", "C"] * 10)
    assert codes(adding.run('kind = "multilabel"', 'separator = ","')[1]) == [("unused_separator", "rows.csv", None)]
    assert codes(adding.run('kind = "multilabel"', 'separator = ";"')[1]) == []
    adding.rows(["A B", "C", "C B C"] * 10)
    code, document, _ = adding.run('kind = "multilabel"', 'separator = " "')
    assert (code, codes(document)) == (ExitCode.OK, [("repeated_label", "rows.csv", 4)])
    assert adding.stored().tasks[0].labels == ("A", "B", "C")


@pytest.mark.parametrize("key", ['text = "{text} {label}"', 'pair = "{label}"'])
def test_the_answer_is_no_part_of_the_text(key: str, adding: Adding) -> None:
    adding.rows(["a", "b"] * 10)
    code, _, err = adding.run(key)
    assert code == ExitCode.USAGE and f'tasks.t.{key.split()[0]} reads "label", the column of the answers; leave it out' in err


@pytest.mark.parametrize("bad", ["1_000", True, "true", "1,5"])
def test_scores_that_are_no_numbers_are_refused(bad: Any, adding: Adding) -> None:
    name = "rows.jsonl" if bad is True else "rows.csv"
    labels = [True, False] * 10 if bad is True else [*(n / 10 for n in range(10)), bad]
    adding.rows(labels, name)
    code, _, err = adding.run('kind = "regression"', train=name)
    line = 1 if bad is True else 12
    assert code == ExitCode.USAGE and f'{name}:{line}: column "label" must hold finite numbers, not {json.dumps(bad)}' in err


@pytest.mark.parametrize("options", ['["{a}", "{b}", "{c}"]', '"{ends}"'])
def test_ids_of_options_count_from_zero(options: str, adding: Adding) -> None:
    def rows(ids: list[int]) -> list[dict]:
        ends = {"a": "x", "b": "y", "c": "z", "ends": ["x", "y", "z"]}
        return [{"text": f"question {n}", **ends, "label": number} for n, number in enumerate(ids)]

    keys = ('kind = "multiple_choice"', f"options = {options}")
    adding.file("rows.jsonl", rows([1, 2, 3] * 10))
    code, _, err = adding.run(*keys, train="rows.jsonl")
    assert code == ExitCode.USAGE and 'rows.jsonl:3: column "label": "3" is not one of' in err
    assert "ids count from 0, so the last one is 2" in err
    adding.file("rows.jsonl", rows([2, 1, 2] * 10))
    assert codes(adding.run(*keys, train="rows.jsonl")[1]) == [("ids_from_one", "rows.jsonl", 2)]
    adding.file("rows.jsonl", rows([0, 1, 2] * 10))
    assert codes(adding.run(*keys, train="rows.jsonl")[1]) == []
