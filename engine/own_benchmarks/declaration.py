"""A user's own benchmark as declared in a TOML file, checked without reading the rows."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NoReturn

from engine.catalog.kinds import DECLARABLE_KINDS, KINDS
from engine.catalog.task import BenchmarkInfo, OwnData, TaskInfo
from engine.errors import UserError
from engine.own_benchmarks.pattern import fields

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
BENCHMARK_KEYS = ("name", "title", "tasks")
TASK_KEYS = (
    "title", "kind", "train", "dev", "test", "text", "pair", "options", "label", "labels", "separator", "metrics",
    "max_length", "select_by", "drop_labels", "quoted", "group",
)  # fmt: skip
DEV_SHARE = 0.1
LONGEST = 512


def read_declaration(file: Path) -> BenchmarkInfo:
    """The benchmark declared in ``file``, with absolute paths; sizes, and labels that are not listed, are left empty.

    Raises UserError that names the file and the key.
    """
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except tomllib.TOMLDecodeError as error:
        message, _, position = str(error).partition(" (at line ")
        raise UserError(f"{file}{':' + position.split(',')[0] if position else ''}: not valid TOML: {message}") from None
    except UnicodeDecodeError:
        raise UserError(f"{file} is not UTF-8; save it in that encoding") from None
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror or error}") from None
    keys = _Keys(file, "", document, BENCHMARK_KEYS)
    name = _name(keys, keys.text("name"))
    tables = document.get("tasks")
    if not isinstance(tables, dict) or not tables:
        raise UserError(f"{file}: declare at least one task, as a table [tasks.NAME]")
    tasks: dict[str, TaskInfo] = {}
    for task, values in tables.items():
        table = f"tasks.{task}"
        if not isinstance(values, dict):
            raise UserError(f"{file}: {table} must be a table; begin it with [{table}]")
        own = _Keys(file, table, values, TASK_KEYS)
        plain = _name(own, task).replace("_", "").replace("-", "")
        if plain in tasks:
            raise UserError(f"{file}: {table} and tasks.{tasks[plain].name} are the same name; rename one")
        tasks[plain] = _task(own, name, task)
    return BenchmarkInfo(name, keys.text("title", name), tuple(tasks.values()))


class _Keys:
    """The keys of one table; every mistake names the file and the key."""

    def __init__(self, file: Path, table: str, values: Mapping[str, Any], known: Sequence[str]) -> None:
        self.file, self.table, self.values = file, table, values
        for key in values:
            if key not in known:
                close = get_close_matches(key, known, 1)
                advice = f"did you mean {close[0]}?" if close else f"there are {', '.join(known)}"
                raise UserError(f"{file}: unknown key {self._full(key)}; {advice}")

    def fail(self, key: str, message: str) -> NoReturn:
        raise UserError(f"{self.file}: {self._full(key)} {message}")

    def lacks(self, key: str, example: str) -> NoReturn:
        raise UserError(f"{self.file}: {self.table or 'the file'} lacks the key {key}, as in {example}")

    def text(self, key: str, default: str | None = None, blank: bool = False) -> str:
        """A string that is not empty, and not blank unless ``blank``."""
        value = self.values.get(key, default)
        if value is None:
            self.lacks(key, {"name": 'name = "shop"', "train": 'train = "train.csv"'}.get(key, f'{key} = "{{question}}"'))
        if not isinstance(value, str) or not (value if blank else value.strip()):
            self.fail(key, f"must be a string, not {_shown(value)}")
        return value

    def texts(self, key: str, default: tuple[str, ...] = (), blank: bool = False) -> tuple[str, ...]:
        """Distinct strings (or whole numbers, as strings), not blank unless ``blank``; a single one needs no list."""
        value = self.values.get(key)
        if value is None:
            return default
        items = value if isinstance(value, list) else [value]
        if not items or any(
            isinstance(item, bool) or not isinstance(item, str | int) or not (blank or str(item).strip()) for item in items
        ):
            self.fail(key, f"must be a list of strings, not {_shown(value)}")
        texts = tuple(map(str, items))
        stripped = [text.strip() for text in texts]
        if duplicate := next((text for text in stripped if stripped.count(text) > 1), None):
            self.fail(key, f"has {_shown(duplicate)} twice")
        return texts

    def flag(self, key: str) -> bool | None:
        value = self.values.get(key)
        if value is not None and not isinstance(value, bool):
            self.fail(key, f"must be true or false, not {_shown(value)}")
        return value

    def choice(self, key: str, choices: Sequence[str]) -> str:
        value = self.values.get(key, choices[0])
        if value not in choices:
            close = get_close_matches(str(value), choices, 1)
            advice = f"did you mean {close[0]}?" if close else f"there are {', '.join(choices)}"
            self.fail(key, f"cannot be {_shown(value)}; {advice}")
        return str(value)

    def pattern(self, key: str, pattern: str) -> str:
        try:
            fields(pattern)
        except ValueError as error:
            self.fail(key, str(error))
        return pattern

    def path(self, key: str) -> Path:
        """A file, relative to the TOML file."""
        text = self.text(key)
        try:
            path = (self.file.parent / Path(text).expanduser()).resolve()
            exists = path.is_file()
        except (OSError, ValueError, RuntimeError):
            # Too long, a null byte, or the home of an unknown user.
            self.fail(key, f"cannot be the name of a file: {_shown(text)[:80]}")
        if not exists:
            self.fail(key, f"is {path}, which is {'a folder' if path.is_dir() else 'missing'}")
        return path

    def share(self, key: str) -> float:
        value = self.values[key]
        if isinstance(value, bool) or not isinstance(value, float | int) or not 0 < value < 1:
            self.fail(key, f"must be a file or a share of train between 0 and 1, not {_shown(value)}")
        return float(value)

    def _full(self, key: str) -> str:
        return f"{self.table}.{key}" if self.table else key


def _task(keys: _Keys, benchmark: str, name: str) -> TaskInfo:
    kind = keys.choice("kind", DECLARABLE_KINDS)
    max_length = keys.values.get("max_length", 128)
    if isinstance(max_length, bool) or not isinstance(max_length, int) or not 8 <= max_length <= LONGEST:
        keys.fail("max_length", f"must be a whole number of tokens from 8 to {LONGEST}, not {_shown(max_length)}")
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
        keys.fail("drop_labels", f"has {_shown(both[0])}, which labels lists too; leave it out of one")
    files = dict(data.files)
    return TaskInfo(
        benchmark,
        name,
        keys.text("title", name),
        kind,
        KINDS[kind].own_template,
        columns,
        keys.texts("metrics", KINDS[kind].own_metrics),
        labels=labels,
        data=data,
        max_length=max_length,
        stratify=KINDS[kind].balanced,
        select_by=keys.choice("select_by", ("loss", "metric")),
        dev="dev" if "dev" in files else None,
        tests=(("test", "test" if "test" in files else "train"),),
    )


def _data(keys: _Keys, kind: str) -> OwnData:
    train = keys.path("train")
    files, shares = {"train": train}, {"dev": DEV_SHARE, "test": 0.0}
    if "test" not in keys.values:
        keys.lacks("test", 'test = "test.csv" or, for a share of train, test = 0.2')
    for split in ("dev", "test"):
        if isinstance(keys.values.get(split), str):
            files[split] = keys.path(split)
            shares[split] = 0.0
            if duplicate := next((other for other, path in files.items() if path == files[split] and other != split), None):
                keys.fail(split, f"is the file of {duplicate} too; give another file, or a share of train as in {split} = 0.2")
        elif split in keys.values:
            shares[split] = keys.share(split)
    if sum(shares.values()) >= 1:
        keys.fail("test", "and dev together leave nothing to train on; lower the shares")
    for key, kind_of_key in (("options", "multiple_choice"), ("separator", "multilabel")):
        if key in keys.values and kind != kind_of_key:
            keys.fail(key, f'is for kind = "{kind_of_key}"; leave it out or choose that kind')
    if kind == "multiple_choice" and "pair" in keys.values:
        keys.fail("pair", "is not for multiple_choice, whose second text is the option; leave it out")
    if "quoted" in keys.values and not any(path.suffix.lower() in (".csv", ".tsv") for path in files.values()):
        keys.fail("quoted", "is for CSV and TSV; leave it out")
    if "group" in keys.values and not any(shares.values()):
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
    )
    for key, patterns in (("text", (data.text,)), ("pair", (data.pair,)), ("options", data.options)):
        if any(data.label in fields(pattern) for pattern in patterns if pattern):
            keys.fail(key, f'reads "{data.label}", the column of the answers; leave it out')
    return data


def _options(keys: _Keys) -> tuple[str, ...]:
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
        keys.fail("options", f"names a column of lists and nothing else, not {_shown(value)}")
    return options


def _option_names(options: tuple[str, ...]) -> tuple[str, ...]:
    """Each option is named after its column if every option is one column, else by its index."""
    columns = all(f"{{{fields(option)[0]}}}" == option for option in options)
    return tuple(fields(option)[0] if columns else str(index) for index, option in enumerate(options))


def _name(keys: _Keys, name: str) -> str:
    if not NAME.fullmatch(name):
        table = keys.table or "name"
        raise UserError(f"{keys.file}: {table}: {name!r} is not a valid name; use up to 64 lower-case letters, digits, - and _")
    return name


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else str(value)
