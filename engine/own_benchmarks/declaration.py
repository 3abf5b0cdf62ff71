"""A user's own benchmark as declared in a TOML file, checked without reading the rows."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from engine.catalog.kinds import DECLARABLE_KINDS, KINDS
from engine.catalog.task import BenchmarkInfo, OwnData, TaskInfo
from engine.errors import UserError
from engine.files.bounded import read_toml
from engine.own_benchmarks.declared_dataset import DATASET_KEYS, declared_dataset
from engine.own_benchmarks.keys import Keys, shown
from engine.own_benchmarks.pattern import fields

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
BENCHMARK_KEYS = ("name", "title", "tasks")
TASK_KEYS = (
    "title", "kind", "train", "dev", "test", "text", "pair", "options", "label", "labels", "separator", "metrics",
    "max_length", "select_by", "drop_labels", "quoted", "group", *DATASET_KEYS,
)  # fmt: skip
DEV_SHARE = 0.1
LONGEST = 512


def read_declaration(file: Path) -> BenchmarkInfo:
    """The benchmark declared in ``file``, with absolute paths; sizes, and labels that are not listed, are left empty.

    Raises UserError that names the file and the key.
    """
    document = read_toml(file)
    keys = Keys(file, "", document, BENCHMARK_KEYS)
    name = _name(keys, keys.text("name"))
    tables = document.get("tasks")
    if not isinstance(tables, dict) or not tables:
        raise UserError(f"{file}: declare at least one task, as a table [tasks.NAME]")
    tasks: dict[str, TaskInfo] = {}
    for task, values in tables.items():
        table = f"tasks.{task}"
        if not isinstance(values, dict):
            raise UserError(f"{file}: {table} must be a table; begin it with [{table}]")
        own = Keys(file, table, values, TASK_KEYS)
        plain = _name(own, task).replace("_", "").replace("-", "")
        if plain in tasks:
            raise UserError(f"{file}: {table} and tasks.{tasks[plain].name} are the same name; rename one")
        tasks[plain] = _task(own, name, task)
    return BenchmarkInfo(name, keys.text("title", name), tuple(tasks.values()))


def _task(keys: Keys, benchmark: str, name: str) -> TaskInfo:
    kind = keys.choice("kind", DECLARABLE_KINDS)
    max_length = keys.values.get("max_length", 128)
    if isinstance(max_length, bool) or not isinstance(max_length, int) or not 8 <= max_length <= LONGEST:
        keys.fail("max_length", f"must be a whole number of tokens from 8 to {LONGEST}, not {shown(max_length)}")
    data = _data(keys, kind)
    labels = tuple(label.strip() for label in keys.texts("labels"))
    if labels and not KINDS[kind].has_labels:
        keys.fail("labels", f"is not for {kind}; leave it out or choose another kind")
    if len(labels) == 1:
        keys.fail("labels", "must list at least two labels")
    columns: tuple[str, ...] = ("text", "pair") if data.pair else ("text",)
    if len(data.options) > 1:
        labels = labels or _option_names(data.options)
        if len(labels) != len(data.options):
            keys.fail("labels", f"has {len(labels)} names for {len(data.options)} options; give each option one")
    if both := [label for label in labels if label in data.drop_labels]:
        keys.fail("drop_labels", f"has {shown(both[0])}, which labels lists too; leave it out of one")
    task = TaskInfo(
        benchmark,
        name,
        keys.text("title", name),
        kind,
        KINDS[kind].own_template,
        columns,
        keys.texts("metrics", KINDS[kind].own_metrics),
        labels=labels,
        max_length=max_length,
        stratify=KINDS[kind].balanced,
        select_by=keys.choice("select_by", ("loss", "metric")),
    )
    return with_data(task, data)


def with_data(task: TaskInfo, data: OwnData) -> TaskInfo:
    """The task with these rows: dev and test are files of their own, or shares of train."""
    splits = dict(data.files)
    dev = "dev" if "dev" in splits else None
    return replace(task, data=data, dev=dev, tests=(("test", "test" if "test" in splits else "train"),))


def _data(keys: Keys, kind: str) -> OwnData:
    dataset = declared_dataset(keys)
    files = {} if dataset else _files(keys)
    shares = {"dev": 0.0 if dataset or "dev" in files else DEV_SHARE, "test": 0.0}
    shares |= {split: keys.share(split) for split in shares if split in keys.values and not isinstance(keys.values[split], str)}
    if sum(shares.values()) >= 1:
        keys.fail("test", "and dev together leave nothing to train on; lower the shares")
    for key, kind_of_key in (("options", "multiple_choice"), ("separator", "multilabel")):
        if key in keys.values and kind != kind_of_key:
            keys.fail(key, f'is for kind = "{kind_of_key}"; leave it out or choose that kind')
    if kind == "multiple_choice" and "pair" in keys.values:
        keys.fail("pair", "is not for multiple_choice, whose second text is the option; leave it out")
    if "quoted" in keys.values and not any(path.suffix.lower() in (".csv", ".tsv") for path in files.values()):
        keys.fail("quoted", "is for CSV and TSV; leave it out")
    if "group" in keys.values and not dataset and not any(shares.values()):
        keys.fail("group", "is for shares drawn from train; leave it out where dev and test are files")
    data = OwnData(
        tuple((split, str(path)) for split, path in files.items()),
        text=keys.pattern("text", keys.text("text")),
        pair=keys.pattern("pair", keys.text("pair")) if "pair" in keys.values else "",
        options=_options(keys) if kind == "multiple_choice" else (),
        label=keys.text("label", "label"),
        separator=keys.text("separator", blank=True) if "separator" in keys.values else "",
        dev_share=shares["dev"],
        test_share=shares["test"],
        drop_labels=tuple(label.strip() for label in keys.texts("drop_labels", blank=True)),
        quoted=keys.flag("quoted"),
        group=keys.text("group") if "group" in keys.values else "",
        dataset=dataset,
    )
    for key, patterns in (("text", (data.text,)), ("pair", (data.pair,)), ("options", data.options)):
        if any(data.label in fields(pattern) for pattern in patterns if pattern):
            keys.fail(key, f'reads "{data.label}", the column of the answers; leave it out')
    return data


def _files(keys: Keys) -> dict[str, Path]:
    """The tables of the splits that have one."""
    files = {"train": keys.path("train")}
    if "test" not in keys.values:
        keys.lacks("test", 'test = "test.csv" or, for a share of train, test = 0.2')
    for split in ("dev", "test"):
        if isinstance(keys.values.get(split), str):
            files[split] = keys.path(split)
            if duplicate := next((other for other, path in files.items() if path == files[split] and other != split), None):
                keys.fail(split, f"is the file of {duplicate} too; give another file, or a share of train as in {split} = 0.2")
    return files


def _options(keys: Keys) -> tuple[str, ...]:
    """Two patterns or more, or one that is the name of a column of lists."""
    example = 'options = ["{choice1}", "{choice2}"], or options = "{choices}" for a column of lists'
    if "options" not in keys.values:
        keys.lacks("options", example)
    value = keys.values["options"]
    options = keys.texts("options")
    for pattern in options:
        keys.pattern("options", pattern)
    if isinstance(value, list) and len(options) < 2:
        keys.fail("options", f"must be at least two; write {example}")
    if len(options) == 1 and options[0] != f"{{{fields(options[0])[0]}}}":
        keys.fail("options", f"names a column of lists and nothing else, not {shown(value)}")
    return options


def _option_names(options: tuple[str, ...]) -> tuple[str, ...]:
    """Each option is named after its column if every option is one column, else by its index."""
    columns = all(f"{{{fields(option)[0]}}}" == option for option in options)
    return tuple(fields(option)[0] if columns else str(index) for index, option in enumerate(options))


def _name(keys: Keys, name: str) -> str:
    if not NAME.fullmatch(name):
        table = keys.table or "name"
        raise UserError(f"{keys.file}: {table}: {name!r} is not a valid name; use up to 64 lower-case letters, digits, - and _")
    return name
