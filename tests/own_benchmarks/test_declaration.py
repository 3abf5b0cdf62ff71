"""What a TOML file declares, and one line for each mistake in it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.catalog.catalog import BUILT_IN
from engine.catalog.kinds import DECLARABLE_KINDS
from engine.catalog.task import OwnData
from engine.data.check_benchmark import checked
from engine.errors import UserError
from engine.own_benchmarks.declaration import TASK_KEYS, read_declaration
from engine.own_benchmarks.pattern import fields, pieces

from .shop import MINIMAL, SHOP, write_shop, write_table


def test_a_minimal_file_is_complete_by_defaults(tmp_path: Path) -> None:
    info = read_declaration(write_shop(tmp_path, MINIMAL))
    (task,) = info.tasks
    assert (info.name, info.title, task.key, task.title) == ("shop", "shop", "shop/mood", "mood")
    assert (task.kind, task.metrics, task.max_length) == ("classification", ("accuracy", "macro_f1"), 128)
    assert (task.select_by, task.truncate) == (BUILT_IN.tasks["glue/rte"].select_by, "longest")
    assert task.data == OwnData((("train", str(tmp_path / "reviews.csv")),), "{review}", dev_share=0.1, test_share=0.2)


def test_a_byte_order_mark_is_accepted(tmp_path: Path) -> None:
    path = write_shop(tmp_path, f"\ufeff{MINIMAL}labels = [' a', 'b']")
    assert read_declaration(path).tasks[0].labels == ("a", "b")


def test_every_kind_of_task_can_be_declared(tmp_path: Path) -> None:
    info = read_declaration(write_shop(tmp_path))
    kinds = ["classification", "regression", "multiple_choice", "multilabel"]
    assert [task.kind for task in info.tasks] == kinds == list(DECLARABLE_KINDS)
    stars, topics = info.tasks[1], info.tasks[3]
    assert isinstance(stars.data, OwnData) and isinstance(topics.data, OwnData)
    assert (stars.columns, stars.dev, stars.data.dev_share) == (("text", "pair"), None, 0.25)
    assert (topics.dev, topics.tests, topics.data.dev_share) == ("dev", (("test", "test"),), 0.0)
    assert topics.official_splits == ("train", "dev", "test")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('name = "shop"', "name = shop", ":1: not valid TOML: Invalid value"),
        ('name = "shop"\n', "", ": the file lacks the key name, as in name = \"shop\""),
        ('name = "shop"', "name = 7", ": name must be a string, not 7"),
        ('name = "shop"', 'name = "My shop"',
         ": name: 'My shop' is not a valid name; use up to 64 lower-case letters, digits, - and _"),
        ('name = "shop"', 'name = "shop"\ntitel = "x"', ": unknown key titel; did you mean title?"),
        ("[tasks.mood]", "[task.mood]", ": unknown key task; did you mean tasks?"),
        ("[tasks.mood]", "[tasks.Mood]", ": tasks.Mood: 'Mood' is not a valid name"),
        ("[tasks.mood]", "[tasks.mo_od]\n[tasks.mood]", ": tasks.mo_od lacks the key train, as in train = "),
        ("[tasks.stars]", "[tasks.mood]", ":8: not valid TOML: Cannot declare ('tasks', 'mood') twice"),
        ("[tasks.stars]", "[tasks.mo_od]", ": tasks.mo_od and tasks.mood are the same name; rename one"),
        ('text = "{review}"\n', "", ': tasks.mood lacks the key text, as in text = "{question}"'),
        ('text = "{review}"', 'txt = "{review}"', ": unknown key tasks.mood.txt; did you mean text?"),
        ('text = "{review}"', 'text = "{review"',
         ": tasks.mood.text '{review' is not a valid pattern: expected '}' before end"),
        ('text = "{review}"', 'text = "{review!r}"', "is not a valid pattern: a field must be the plain name of a column"),
        ('text = "{review}"', 'text = "{}"', "is not a valid pattern: a field must be the plain name of a column"),
        ('text = "{review}"', 'text = "review"', """: tasks.mood.text 'review' names no column; write it as in "{review}\""""),
        ('text = "{review}"', 'text = " "', ': tasks.mood.text must be a string, not " "'),
        ("test = 0.2\n", "", ": tasks.mood lacks the key test, as in test = "),
        ("test = 0.2", "test = 1.5", ": tasks.mood.test must be a file or a share of train between 0 and 1, not 1.5"),
        ("test = 0.2", "test = true", ": tasks.mood.test must be a file or a share of train between 0 and 1, not true"),
        ("test = 0.2", "test = 0.95", ": tasks.mood.test and dev together leave nothing to train on"),
        ("test = 0.2", 'test = "reviews.csv"', ": tasks.mood.test is the file of train too; give another file"),
        ('"reviews.csv"', '"gone.csv"', "gone.csv, which is missing"),
        ('"reviews.csv"', '"."', ", which is a folder"),
        ('"reviews.csv"', r'"a\u0000b.csv"', ": tasks.mood.train cannot be the name of a file"),
        ('"reviews.csv"', f'"{"a" * 999}.csv"', ": tasks.mood.train cannot be the name of a file"),
        ('"reviews.csv"', '"~nobody-of-that-name/a.csv"', ": tasks.mood.train cannot be the name of a file"),
        ('name = "shop"', f'name = "{"s" * 65}"', "is not a valid name; use up to 64 lower-case letters"),
        ('"reviews.csv"', "3", ": tasks.mood.train must be a string, not 3"),
        ("test = 0.2", "test = 0.2\nmax_length = 4", "max_length must be a whole number of tokens from 8 to 512, not 4"),
        ("test = 0.2", 'test = 0.2\nmax_length = "long"', 'whole number of tokens from 8 to 512, not "long"'),
        ("test = 0.2", 'test = 0.2\nkind = "clasification"', 'cannot be "clasification"; did you mean classification?'),
        ("test = 0.2", "test = 0.2\nlabels = [1.5]", ": tasks.mood.labels must be a list of strings, not [1.5]"),
        ("test = 0.2", 'test = 0.2\nlabels = ["a", "a"]', ': tasks.mood.labels has "a" twice'),
        ("test = 0.2", 'test = 0.2\nlabels = ["a", "a "]', ': tasks.mood.labels has "a" twice'),
        ("test = 0.2", 'test = 0.2\nlabels = ["a", " "]', ': tasks.mood.labels must be a list of strings'),
        ("test = 0.2", 'test = 0.2\nlabels = ["a"]', ": tasks.mood.labels must list at least two labels"),
        ("test = 0.2", 'test = 0.2\nselect_by = "luck"', ': tasks.mood.select_by cannot be "luck"; there are loss, metric'),
        ("test = 0.2", 'test = 0.2\nseparator = ";"', ': tasks.mood.separator is for kind = "multilabel"'),
        ("test = 0.2", 'test = 0.2\noptions = ["{a}", "{b}"]', ': tasks.mood.options is for kind = "multiple_choice"'),
        ('label = "stars"', "label = \"stars\"\nlabels = [1, 2]", ": tasks.stars.labels is not for regression"),
        ('options = "{endings}"\n', "", ": tasks.next lacks the key options, as in options = "),
        ('options = "{endings}"', 'options = ["{a}"]', ": tasks.next.options must be at least two"),
        ('options = "{endings}"', 'options = "{a} or {b}"', "names a column of lists and nothing else"),
        ('options = "{endings}"', 'options = ["{a}", "{b}"]\nlabels = [1, 2, 3]', "has 3 names for 2 options"),
        ('options = "{endings}"', 'options = "{endings}"\npair = "{a}"', ": tasks.next.pair is not for multiple_choice"),
    ],
)  # fmt: skip
def test_mistakes_name_the_file_and_the_key(old: str, new: str, message: str, tmp_path: Path) -> None:
    assert old in SHOP
    path = write_shop(tmp_path, SHOP.replace(old, new, 1))
    with pytest.raises(UserError, match=re.escape(message)) as error:
        read_declaration(path)
    assert str(error.value).startswith(str(path)) and "\n" not in str(error.value)


def test_a_file_that_is_missing_or_declares_nothing_is_reported(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"gone.toml cannot be read: No such file"):
        read_declaration(tmp_path / "gone.toml")
    for text in ('name = "shop"', 'name = "shop"\ntasks = 3', 'name = "shop"\n[tasks]'):
        (tmp_path / "empty.toml").write_text(text)
        with pytest.raises(UserError, match=r"declare at least one task, as a table \[tasks.NAME\]"):
            read_declaration(tmp_path / "empty.toml")


def test_options_are_named_after_their_columns_or_indices(tmp_path: Path) -> None:
    def labels(options: str) -> tuple[str, ...]:
        declared = read_declaration(write_shop(tmp_path, SHOP.replace('"{endings}"', options)))
        return declared.tasks[2].labels

    assert labels('["{choice1}", "{choice2}"]') == ("choice1", "choice2")
    assert labels('["so {a}", "or {b}", "{c}"]') == ("0", "1", "2")
    assert labels('["{a}", "{b}"]\nlabels = ["A", "B"]') == ("A", "B")


def test_patterns() -> None:
    assert fields("Q: {the question} {{n}} {a.b} {the question}") == ("the question", "a.b")
    assert pieces("{a}: {b}.") == (("", "a"), (": ", "b"), (".", None))


def test_the_example_of_the_guide_is_complete(tmp_path: Path) -> None:
    guide = (Path(__file__).parents[2] / "docs" / "data.md").read_text(encoding="utf-8")
    (example,) = re.findall("```toml\n(.*?)```", guide, flags=re.DOTALL)
    assert len(example.splitlines()) <= 8
    rows = [{"review": f"number {n}", "mood": "good" if n % 2 else "bad"} for n in range(40)]
    write_table(tmp_path / "reviews.csv", rows)
    (tmp_path / "shop.toml").write_text(example)
    (task,) = checked(read_declaration(tmp_path / "shop.toml")).benchmark.tasks
    assert (task.labels, task.split_sizes) == (("bad", "good"), {"train": 28, "dev": 4, "test": 8})
    documented = {key for line in guide.splitlines() for key in re.findall("^\\| `(\\w+)` \\|", line)}
    assert set(TASK_KEYS) <= documented, "the table has every key"
