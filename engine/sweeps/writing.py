"""What is asked for as the file of a sweep: a request, with comments for whoever edits it, or a table of keys."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from engine.catalog.method import Value
from engine.errors import UserError
from engine.runs.request import Request

BARE = re.compile(r"[A-Za-z0-9_-]+")
NUMBER = re.compile(r"[\w.+-]+", re.ASCII)


def sweep_text(name: str, request: Request) -> str:
    """A file that asks for what ``request`` asks for. Raises UserError for text that no file can hold."""
    text = "\n".join(_lines(name, request)) + "\n"
    try:
        text.encode()
    except UnicodeEncodeError:
        raise UserError("a name is not valid UTF-8; rename it, or write the file by hand") from None
    return text


def table_text(table: Mapping[str, Any]) -> str:
    """A file with these keys, each on one line."""
    return "".join(f"{_key(key)} = {_toml(value)}\n" for key, value in table.items())


def _lines(name: str, request: Request) -> Iterator[str]:
    yield "# Every combination is a run; docs/sweeps.md describes all keys."
    yield f"name = {_toml(name)}"
    yield f"methods = {_toml(request.methods)}"
    yield from _given("benchmark", request.benchmark, '"superglue"   # without targets, all of its tasks')
    yield from _given("targets", request.targets, '["boolq", "rte"]')
    yield from _given("sources", request.sources, '["all-own"]   # of two-stage methods; several lists in a list are a grid')
    yield f"backbones = {_toml([request.backbone])}"
    yield f"seeds = {_toml(request.seeds)}"
    yield from _given("shots", request.shots, "[16, 100]   # training examples of few-shot runs")
    yield from _given("epochs", request.epochs, "30   # for sources too")
    yield from _given("limits", request.limits, "{ train = 500 }   # examples of a split, for sources too")
    yield from _given("data_dir", str(request.data_dir) if request.data_dir else None, '"data"   # in place of the hub')
    yield ""
    yield "[settings]   # several values of a setting are a grid"
    yield from (f"{_key(key)} = {_setting(value)}" for key, value in request.settings.items())
    yield "# learning_rate = [1e-4, 3e-4]"
    yield ""
    yield f"# [settings.{_key(request.methods[0])}]   # of one method"
    yield "# batch_size = 16"
    yield ""
    yield "# [tune]   # settings of every method that are compared on dev; the best is trained with the seeds above"
    yield "# settings = 3"
    yield "# [tune.space]"
    yield "# learning_rate = [1e-4, 3e-4, 1e-3]"
    yield ""
    yield "# [[exclude]]   # combinations to leave out"
    yield f"# methods = {_toml(request.methods[0])}"
    yield "# seeds = [3, 4]"


def _given(key: str, value: object, example: str) -> Iterator[str]:
    yield f"{key} = {_toml(value)}" if value else f"# {key} = {example}"


def _setting(value: Value | tuple[Value, ...]) -> str:
    """Numbers, and true and false, without the quotes of the command line's texts."""
    if isinstance(value, tuple):
        return "[" + ", ".join(map(_setting, value)) + "]"
    text = str(value)
    try:
        plain = tomllib.loads(f"value = {text}")
    except ValueError:
        return _toml(value)
    return text if NUMBER.fullmatch(text) and isinstance(plain["value"], bool | int | float) else _toml(value)


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_key(key)} = {_toml(item)}" for key, item in value.items()) + " }"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ", ".join(map(_toml, value)) + "]"
    # TOML allows one character less than JSON.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _key(key: str) -> str:
    return key if BARE.fullmatch(key) else _toml(key)
