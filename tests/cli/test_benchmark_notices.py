"""What `benchmarks add` says of tables as they come: notices with file, line and key, and refusals."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine.catalog.task import OwnData
from engine.data.loading import load_rows
from engine.data.prepared import prepare
from engine.runs.definition import definition_of
from scalearn_tui.cli.app import main
from scalearn_tui.cli.exits import ExitCode
from tests.own_benchmarks.adding import Adding, codes


def test_the_report_has_rows_classes_and_lengths(adding: Adding) -> None:
    adding.rows(["a", "b"] * 20)
    code, document, err = adding.add(adding.declare())
    assert code == ExitCode.OK and err.startswith("added own; next: scalearn run --method adapter --target own/")
    assert document == {
        "schema": 1,
        "name": "own",
        "stored": True,
        "tasks": [
            {
                "task": "own/t",
                "kind": "classification",
                "rows": {"train": 28, "dev": 4, "test": 8},
                "dropped": {},
                "classes": {"train": {"a": 14, "b": 14}, "dev": {"a": 2, "b": 2}, "test": {"a": 4, "b": 4}},
                "words": {split: {"median": 4, "longest": 4} for split in ("train", "dev", "test")},
                "tokens": {},
                "dataset": None,
            }
        ],
        "notices": [],
    }


@pytest.mark.parametrize(
    ("keys", "lengths"),
    [
        ((), range(3, 23)),
        (('kind = "multiple_choice"', 'options = ["{one}", "{two}"]'), [n + option for n in range(4, 24) for option in (1, 3)]),
    ],
    ids=["texts", "options"],
)
def test_lengths_in_tokens_of_a_backbone(
    keys: tuple[str, ...], lengths: Iterable[int], adding: Adding, tiny_backbone: Path
) -> None:
    rows = [{"text": "a " * n, "label": n % 2, "one": "a", "two": "a a a"} for n in range(1, 21)]
    for name in ("rows.csv", "test.csv"):
        adding.file(name, rows)
    path = adding.declare('test = "test.csv"', "max_length = 16", *keys)
    code, document, err = adding.add(path, "--backbone", str(tiny_backbone))
    assert code == ExitCode.OK, err
    ordered = sorted(lengths)
    median, longest, cut = ordered[len(ordered) // 2], ordered[-1], sum(length > 16 for length in ordered)
    assert document["tasks"][0]["tokens"]["test"] == {"median": median, "longest": longest, "cut": cut}
    assert main(["benchmarks", "add", str(path), "-b", str(tiny_backbone)]) == ExitCode.OK
    assert f"test {median} to {longest} ({cut} cut at 16)" in adding.capsys.readouterr().out


def test_a_backbone_that_is_not_here_is_named_with_the_way_to_it(adding: Adding, cache: Path) -> None:
    adding.rows(["a", "b"] * 20)
    code, _, err = adding.add(adding.declare(), "--backbone", "roberta-base")
    assert code == ExitCode.USAGE
    assert "roberta-base is not on this machine; fetch it first: scalearn data fetch toy --backbone roberta-base" in err


def test_strict_stores_nothing_where_there_is_a_notice(adding: Adding) -> None:
    adding.rows(["a", "b"] * 20)
    assert adding.add(adding.declare(), "--strict")[0] == ExitCode.OK
    adding.rows(["a", "b", "A"] * 20)
    before = adding.stored()
    code, document, err = adding.add(adding.declare(), "--strict")
    assert (code, document["stored"], codes(document)) == (ExitCode.USAGE, False, [("similar_labels", "rows.csv", 2)])
    assert err == "scalearn: own has 1 notice; with --strict nothing is stored\n"
    assert adding.stored() == before
    assert main(["benchmarks", "add", "own.toml"]) == ExitCode.OK
    out, err = adding.capsys.readouterr()
    assert 'notice: rows.csv:2: own/t: column "label": "a", "A" are 2 classes' in err
    assert "  words, median to longest: train 4 to 4, dev 4 to 4, test 4 to 4\n" in out and "\n  test: A 4, a 4, b 4\n" in out


def test_a_refusal_is_one_line_with_exit_code_2(adding: Adding) -> None:
    adding.rows(["0.5", "1_000"])
    code, document, err = adding.add(adding.declare('kind = "regression"'))
    assert (code, document, err.count("\n")) == (ExitCode.USAGE, {}, 1)
    assert err.startswith('scalearn: rows.csv:3: column "label" must hold finite numbers, not "1_000"')
    with pytest.raises(KeyError):
        adding.stored()


@pytest.mark.parametrize("missing", ["-1", "-", "n/a"])
def test_labels_that_stand_for_none_can_be_dropped(missing: str, adding: Adding) -> None:
    adding.rows(["x", "y", missing, "y", "x"] * 8)
    code, document, _ = adding.run()
    assert (code, codes(document)) == (ExitCode.OK, [("no_gold_label", "rows.csv", 4)])
    (notice,) = document["notices"]
    assert f'drop those rows with drop_labels = ["{missing}"]' in notice["message"] and notice["task"] == "own/t"
    code, document, _ = adding.run(f'drop_labels = ["{missing}"]')
    assert (code, document["notices"], document["tasks"][0]["dropped"]) == (ExitCode.OK, [], {"train": 8})
    (task,) = adding.stored().tasks
    assert task.labels == ("x", "y") and sum(task.split_sizes.values()) == 32
    assert load_rows(task, None)["train"]["text"].to_pylist()[:3] == [f"number {n} of rows.csv" for n in (0, 1, 3)]
    # Whoever lists the label means it.
    assert adding.run(f'labels = ["x", "y", "{missing}"]')[1]["notices"] == []


def test_empty_labels_are_refused_or_dropped_and_lines_stay_those_of_the_file(adding: Adding) -> None:
    adding.rows(["x", "", "y", " "] * 10)
    code, _, err = adding.run()
    assert code == ExitCode.USAGE and 'rows.csv:3: column "label" is empty' in err and 'drop_labels = [""]' in err
    assert adding.run('drop_labels = [""]')[1]["tasks"][0]["dropped"] == {"train": 20}
    code, _, err = adding.run('drop_labels = [""]', 'labels = ["x", "z"]')
    assert code == ExitCode.USAGE and 'rows.csv:4: column "label": "y" is not one of x, z' in err
    code, _, err = adding.run('drop_labels = ["", "x", "y"]')
    assert code == ExitCode.USAGE and "rows.csv has no rows but those that drop_labels leaves out" in err
    code, _, err = adding.run('drop_labels = ["x"]', 'labels = ["x", "y"]')
    assert code == ExitCode.USAGE and 'tasks.t.drop_labels has "x", which labels lists too' in err


def test_unlabelled_rows_of_hub_files_scores_and_lists_can_be_dropped(adding: Adding) -> None:
    about = {b"huggingface": json.dumps({"info": {"features": {"label": {"names": ["yes", "no"]}}}}).encode()}
    table = pa.table({"text": [f"t {n}" for n in range(30)], "label": [0, 1, -1] * 10})
    pq.write_table(table.replace_schema_metadata(about), adding.folder / "rows.parquet")
    code, _, err = adding.run(train="rows.parquet")
    assert code == ExitCode.USAGE and 'rows.parquet row 3: column "label": "-1" is not one of yes, no' in err
    assert 'drop those rows with drop_labels = ["-1"]' in err
    assert adding.run("drop_labels = -1", train="rows.parquet")[1]["tasks"][0]["dropped"] == {"train": 10}

    adding.rows([0.5, 1, -1.0, 2] * 10, "rows.jsonl")
    _, document, _ = adding.run('kind = "regression"', train="rows.jsonl")
    assert codes(document) == [("no_gold_label", "rows.jsonl", 3)]
    document = adding.run('kind = "regression"', 'drop_labels = ["-1"]', train="rows.jsonl")[1]
    assert (document["notices"], document["tasks"][0]["dropped"]) == ([], {"train": 10})
    adding.rows(["0.5", "-", "1", ""] * 10)
    code, _, err = adding.run('kind = "regression"')
    assert code == ExitCode.USAGE and 'rows.csv:3: column "label" must hold finite numbers, not "-"; if it means' in err
    assert adding.run('kind = "regression"', 'drop_labels = ["-", ""]')[1]["tasks"][0]["dropped"] == {"train": 20}

    adding.rows(["a|b", "-", "b", "a"] * 10)
    keys = ('kind = "multilabel"', 'separator = "|"')
    assert codes(adding.run(*keys)[1]) == [("no_gold_label", "rows.csv", 3)]
    assert adding.run(*keys, 'drop_labels = ["-"]')[1]["tasks"][0]["dropped"] == {"train": 10}


def test_labels_to_be_dropped_that_no_row_has(adding: Adding) -> None:
    adding.rows(["0", "1", "2"] * 8)
    adding.rows(["0", "-1.0", "1"] * 3, "test.csv")
    keys = ('test = "test.csv"', 'drop_labels = ["-1", "-l"]')
    code, document, _ = adding.run(*keys)
    assert (code, codes(document)) == (ExitCode.OK, [("unused_drop_label", "rows.csv", None)])
    assert '"-l" in no row' in document["notices"][0]["message"] and document["tasks"][0]["dropped"] == {"test": 3}


def test_scores_that_stand_for_none_in_the_test_file(adding: Adding) -> None:
    adding.rows([n / 10 for n in range(20)])
    keys = ('kind = "regression"', 'test = "test.csv"')
    adding.rows([-1] * 10, "test.csv")
    code, _, err = adding.run(*keys)
    assert code == ExitCode.USAGE and "has no gold label in each of 10 rows" in err
    adding.rows([*[-1] * 9, 0.5], "test.csv")
    assert codes(adding.run(*keys)[1]) == [("no_gold_label", "test.csv", 2)]
    adding.rows([n / 10 - 1 for n in range(20)])
    assert codes(adding.run(*keys)[1]) == [], "on a scale from -1 on, -1 is a score"
    adding.rows([-1, 0, 1] * 8)
    assert codes(adding.run('kind = "regression"')[1]) == []


def test_numbers_are_one_class_however_they_are_written(adding: Adding) -> None:
    adding.rows(["10.0", "1.0", "2.0", "0.0"] * 10)
    adding.rows(["0", "1", "2.00", "10"], "test.csv")
    code, document, _ = adding.run('test = "test.csv"')
    assert (code, codes(document)) == (ExitCode.OK, [("number_spellings", "test.csv", 2)])
    (task,) = adding.stored().tasks
    assert task.labels == ("0.0", "1.0", "2.0", "10.0")
    assert load_rows(task, None)["test"]["label"].to_pylist() == [0, 1, 2, 3]
    adding.rows(["1", "1.0", "2", "03"] * 10)
    assert codes(adding.run()[1]) == [("number_spellings", "rows.csv", 2)]
    (task,) = adding.stored().tasks
    assert task.labels == ("1", "2", "03")
    assert load_rows(task, None)["train"]["label"].to_pylist()[:4] == [0, 0, 1, 2]
    # Versions: 3.1 and 3.10 are different names if the user says so.
    adding.rows(["3.1", "3.10"] * 10)
    adding.run('labels = ["3.1", "3.10"]')
    assert load_rows(adding.stored().tasks[0], None)["train"]["label"].to_pylist()[:2] == [0, 1]
    # Ids may be written as fractions.
    adding.rows(["1.0", "0.0"] * 10)
    adding.run('labels = ["bad", "good"]')
    assert load_rows(adding.stored().tasks[0], None)["train"]["label"].to_pylist()[:2] == [1, 0]
    adding.rows(["1.5", "2.5"] * 10)
    adding.rows(["0", "1"], "test.csv")
    code, _, err = adding.run('test = "test.csv"')
    assert code == ExitCode.USAGE and 'test.csv:2: column "label": "0" is not one of 1.5, 2.5' in err


def test_texts_of_test_that_stand_in_train(adding: Adding) -> None:
    texts = [f"some text {n // 5}" for n in range(100)]
    adding.file("rows.csv", [{"text": text, "label": "ab"[n // 5 % 2], "doc": n // 20} for n, text in enumerate(texts)])
    code, document, _ = adding.run()
    assert (code, [code for code, *_ in codes(document)]) == (ExitCode.OK, ["leak", "leak"])
    assert document["notices"][0]["message"].startswith("8 of 8 dev rows have their text in train")
    assert document["notices"][1]["message"].startswith("20 of 20 test rows have their text in train")
    assert 'group = "text"' in document["notices"][1]["message"]
    for group, size in (("text", 5), ("doc", 20)):
        code, document, err = adding.run(f'group = "{group}"', "dev = 0.25")
        assert (code, document["notices"]) == (ExitCode.OK, []), err
        assert document["tasks"][0]["rows"] == {"train": 60, "dev": 20, "test": 20}, size
    code, _, err = adding.run('group = "doc"', "test = 0.1")
    assert code == ExitCode.USAGE and "own/t: no group has as few rows as test = 0.1 has room for" in err
    code, _, err = adding.run('group = "user"')
    assert code == ExitCode.USAGE and "rows.csv has no column 'user'; it has text, label, doc" in err


def test_groups_of_a_test_file_that_stand_in_train(adding: Adding) -> None:
    def rows(name: str, group: Callable[[int], Any]) -> None:
        adding.file(name, [{"text": f"{n} of {name}", "label": "ab"[n % 2], "user": group(n)} for n in range(40)])

    rows("rows.csv", lambda n: n // 2)
    rows("test.csv", lambda n: 99 if n < 10 else n // 20)
    keys = ('group = "user"', 'test = "test.csv"')
    code, document, _ = adding.run(*keys)
    assert (code, codes(document)) == (ExitCode.OK, [("leak", "test.csv", 12)])
    assert document["notices"][0]["message"] == "30 of 40 test rows have their group in train; remove them from one file"
    adding.rows(["a", "b"] * 10, "test.csv")
    assert codes(adding.run(*keys)[1]) == [], "a file may lack the column"


def test_equal_is_after_normalising_and_files_are_compared_too(adding: Adding) -> None:
    adding.rows(["a", "b"] * 10)
    adding.file("test.csv", "text,label\nNUMBER  3 of\u00a0rows.csv,a\nnew,b\nnumber 4 of rows.csv ,a\nnewer,b\n")
    adding.rows(["a", "b"] * 10, "dev.csv")
    document = adding.run('test = "test.csv"', 'dev = "dev.csv"')[1]
    assert codes(document) == [("leak", "test.csv", 2)]
    assert document["notices"][0]["message"] == "2 of 4 test rows have their text in train; remove them from one file"
    code, _, err = adding.run('test = "test.csv"', 'dev = "dev.csv"', 'group = "text"')
    assert code == ExitCode.USAGE and "tasks.t.group is for shares drawn from train" in err


def test_a_run_gets_whole_groups_too(adding: Adding, tiny_backbone: Path, tmp_path: Path) -> None:
    adding.file("rows.csv", [{"text": f"text {n}", "label": "ab"[n % 2], "doc": n // 4} for n in range(80)])
    adding.run('group = "doc"')
    (task,) = adding.stored().tasks
    data = prepare(task, tiny_backbone, tmp_path / "cache", None)
    groups = {split: set((rows // 4).tolist()) for split, rows in data.rows.items()}
    assert {split: len(numbers) for split, numbers in groups.items()} == {"train": 15, "dev": 1, "test": 4}
    assert sum(map(len, groups.values())) == 20
    assert sorted(np.concatenate(list(data.rows.values())).tolist()) == list(range(80))
    assert {name: len(split) for name, split in data.splits.items()} == task.split_sizes


@pytest.mark.parametrize(
    ("labels", "code", "line"),
    [
        (["a", "b", "B", "b"] * 5, "similar_labels", 4),
        (["a", "b"] * 5 + ["label"] * 2, "label_is_column_name", 12),
        (["a", "b"] * 5 + ["c"], "single_row_class", 12),
        ([n / 7 for n in range(40)], "continuous_labels", None),
    ],
)
def test_suspicious_labels_are_told_with_their_line(labels: list[Any], code: str, line: int | None, adding: Adding) -> None:
    adding.rows(labels)
    exit_code, document, _ = adding.run()
    assert exit_code == ExitCode.OK and (code, "rows.csv", line) in codes(document)


def test_a_class_without_rows(adding: Adding) -> None:
    adding.rows(["a", "b"] * 10)
    assert codes(adding.run('labels = ["a", "b", "c"]')[1]) == [("empty_class", "rows.csv", None)]


def test_the_new_keys_identify_runs_only_where_they_change_something(adding: Adding) -> None:
    adding.rows(["a", "b"] * 10)

    def definition(*keys: str) -> dict[str, Any]:
        assert adding.run(*keys)[0] == ExitCode.OK
        (task,) = adding.stored().tasks
        assert isinstance(task.data, OwnData)
        return definition_of(task)

    plain = definition()
    assert not {"drop_labels", "quoted", "group"} & set(plain["own"])
    assert definition("quoted = true") == plain
    for key in ("quoted = false", 'drop_labels = ["-1"]', 'group = "text"'):
        assert definition(key)["own"].keys() - plain["own"].keys() == {key.split()[0]}
