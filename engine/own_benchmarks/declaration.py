"""A user's own benchmark, as a TOML file declares it: what is written there, checked without a look at the rows."""

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
    "max_length", "select_by",
)  # fmt: skip
DEV_SHARE = 0.1
LONGEST = 512


def read_declaration(file: Path) -> BenchmarkInfo:
    """The benchmark declared in ``file``, with absolute paths; labels that are not listed and sizes are left open.

    Raises UserError that names the file and the key.
    """
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except tomllib.TOMLDecodeError as error:
        what, _, place = str(error).partition(" (at line ")
        raise UserError(f"{file}{':' + place.split(',')[0] if place else ''}: not valid TOML: {what}") from None
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
        place = f"tasks.{task}"
        if not isinstance(values, dict):
            raise UserError(f"{file}: {place} must be a table; begin it with [{place}]")
        own = _Keys(file, place, values, TASK_KEYS)
        plain = _name(own, task).replace("_", "").replace("-", "")
        if plain in tasks:
            raise UserError(f"{file}: {place} and tasks.{tasks[plain].name} are the same name; rename one")
        tasks[plain] = _task(own, name, task)
    return BenchmarkInfo(name, keys.text("title", name), tuple(tasks.values()))


class _Keys:
    """The keys of one table; every mistake names the file and the key."""

    def __init__(self, file: Path, place: str, values: Mapping[str, Any], known: Sequence[str]) -> None:
        self.file, self.place, self.values = file, place, values
        for key in values:
            if key not in known:
                close = get_close_matches(key, known, 1)
                advice = f"did you mean {close[0]}?" if close else f"there are {', '.join(known)}"
                raise UserError(f"{file}: unknown key {self._full(key)}; {advice}")

    def fail(self, key: str, message: str) -> NoReturn:
        raise UserError(f"{self.file}: {self._full(key)} {message}")

    def lacks(self, key: str, example: str) -> NoReturn:
        raise UserError(f"{self.file}: {self.place or 'the file'} lacks the key {key}, as in {example}")

    def text(self, key: str, default: str | None = None) -> str:
        """A text that is not blank."""
        value = self.values.get(key, default)
        if value is None:
            self.lacks(key, {"name": 'name = "shop"', "train": 'train = "train.csv"'}.get(key, f'{key} = "{{question}}"'))
        if not isinstance(value, str) or not value.strip():
            self.fail(key, f"must be a text, not {_shown(value)}")
        return value

    def texts(self, key: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        """Texts (or whole numbers, as texts) that differ; one alone needs no list."""
        value = self.values.get(key)
        if value is None:
            return default
        items = value if isinstance(value, list) else [value]
        if not items or any(
            isinstance(item, bool) or not isinstance(item, str | int) or not str(item).strip() for item in items
        ):
            self.fail(key, f"must be a list of texts, not {_shown(value)}")
        found = tuple(map(str, items))
        plain = [item.strip() for item in found]
        if twice := next((item for item in plain if plain.count(item) > 1), None):
            self.fail(key, f"has {_shown(twice)} twice")
        return found

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
            there = path.is_file()
        except (OSError, ValueError, RuntimeError):
            # Too long, a null byte, or the home of nobody.
            self.fail(key, f"cannot be the name of a file: {_shown(text)[:80]}")
        if not there:
            self.fail(key, f"is {path}, which is {'a folder' if path.is_dir() else 'not there'}")
        return path

    def share(self, key: str) -> float:
        value = self.values[key]
        if isinstance(value, bool) or not isinstance(value, float | int) or not 0 < value < 1:
            self.fail(key, f"must be a file or a share of train between 0 and 1, not {_shown(value)}")
        return float(value)

    def _full(self, key: str) -> str:
        return f"{self.place}.{key}" if self.place else key


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
            if twin := next((other for other, path in files.items() if path == files[split] and other != split), None):
                keys.fail(split, f"is the file of {twin} too; give another file, or a share of train as in {split} = 0.2")
        elif split in keys.values:
            shares[split] = keys.share(split)
    if sum(shares.values()) >= 1:
        keys.fail("test", "and dev together leave nothing to train on; lower the shares")
    for key, only in (("options", "multiple_choice"), ("separator", "multilabel")):
        if key in keys.values and kind != only:
            keys.fail(key, f'is for kind = "{only}"; leave it out or choose that kind')
    if kind == "multiple_choice" and "pair" in keys.values:
        keys.fail("pair", "is not for multiple_choice, whose second text is the option; leave it out")
    return OwnData(
        tuple((split, str(path)) for split, path in files.items()),
        text=keys.pattern("text", keys.text("text")),
        pair=keys.pattern("pair", keys.text("pair")) if "pair" in keys.values else "",
        options=_options(keys) if kind == "multiple_choice" else (),
        label=keys.text("label", "label"),
        separator=keys.text("separator") if "separator" in keys.values else "",
        dev_share=shares["dev"],
        test_share=shares["test"],
    )


def _options(keys: _Keys) -> tuple[str, ...]:
    """Two patterns or more, or one that is the name of a column of lists."""
    example = 'options = ["{choice1}", "{choice2}"], or options = "{choices}" for a column of lists'
    if "options" not in keys.values:
        keys.lacks("options", example)
    given = keys.values["options"]
    options = keys.texts("options")
    for pattern in options:
        keys.pattern("options", pattern)
    if isinstance(given, list) and len(options) < 2:
        keys.fail("options", f"must be at least two; write {example}")
    if len(options) == 1 and options[0] != f"{{{fields(options[0])[0]}}}":
        keys.fail("options", f"names a column of lists and nothing else, not {_shown(given)}")
    return options


def _option_names(options: tuple[str, ...]) -> tuple[str, ...]:
    """Each option is called by its column where it is one, else by its place."""
    plain = all(f"{{{fields(option)[0]}}}" == option for option in options)
    return tuple(fields(option)[0] if plain else str(place) for place, option in enumerate(options))


def _name(keys: _Keys, name: str) -> str:
    if not NAME.fullmatch(name):
        place = keys.place or "name"
        raise UserError(f"{keys.file}: {place}: {name!r} is no name; take up to 64 small letters, digits, - and _")
    return name


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else str(value)
