"""Whether the entry of an installed package is one that this program can use."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from engine.catalog.catalog import BUILT_IN
from engine.catalog.kinds import KINDS
from engine.catalog.method import MethodInfo
from engine.catalog.methods import METHODS, SOURCE_METHODS
from engine.catalog.records import benchmark_from, entry_record, method_from
from engine.catalog.task import BenchmarkInfo, TaskInfo
from engine.catalog.versions import TEMPLATE_VERSIONS
from engine.errors import UserError

METHOD_NAME = re.compile(r"[a-z0-9][a-z0-9+-]{0,63}")
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
Entry = TypeVar("Entry", MethodInfo, BenchmarkInfo)
IMPLEMENTATION = re.compile(r"[\w.]+:\w+")


def check_method(entry: object, name: str) -> None:
    """Raises UserError unless ``entry`` is a method of this name that can be planned and stored."""
    if type(entry) is not MethodInfo:
        raise UserError(f"it is a {type(entry).__name__}, not an engine.catalog.method.MethodInfo")
    _check_name(entry.name, name, METHOD_NAME)
    if entry.group not in (groups := tuple(dict.fromkeys(info.group for info in METHODS.values()))):
        raise UserError(f"its group {entry.group!r} is none of {', '.join(groups)}")
    if not IMPLEMENTATION.fullmatch(entry.implementation):
        raise UserError(f"its implementation {entry.implementation!r} is not of the form module:function")
    transfers = entry.group in ("two-stage", "probing")
    if transfers != (entry.source_method is not None) or entry.source_method not in (None, *SOURCE_METHODS):
        needed = f"one of {', '.join(SOURCE_METHODS)}" if transfers else "None"
        raise UserError(f"its source_method is {entry.source_method!r}; of a {entry.group} method it must be {needed}")
    known = entry.hyperparameters()
    for values in (entry.defaults, *entry.exceptions.values()):
        for setting, value in values.items():
            if setting not in known:
                raise UserError(f"its defaults name {setting!r}, which is none of its settings")
            known[setting].parse(setting, value)
    _check_data(entry, method_from)


def check_benchmark(entry: object, name: str) -> None:
    """Raises UserError unless ``entry`` is a benchmark of this name whose tasks can be read and stored."""
    if type(entry) is not BenchmarkInfo:
        raise UserError(f"it is a {type(entry).__name__}, not an engine.catalog.task.BenchmarkInfo")
    _check_name(entry.name, name, NAME)
    if not entry.tasks:
        raise UserError("it has no tasks")
    for task in entry.tasks:
        if BUILT_IN.tasks.get(task.key) != task:
            _check_task(task, entry.name)
    if entry.published or entry.offline:
        raise UserError("published results and generated rows are for built-in benchmarks; leave out published and offline")
    _check_data(entry, benchmark_from)


def _check_task(task: TaskInfo, benchmark: str) -> None:
    if task.benchmark != benchmark or not NAME.fullmatch(task.name):
        raise UserError(f"its task {task.key!r} must be {benchmark}/NAME, in lower case")
    kind = KINDS.get(task.kind)
    if kind is None:
        raise UserError(f"the kind {task.kind!r} of {task.key} is none of {', '.join(KINDS)}")
    if task.template not in TEMPLATE_VERSIONS:
        raise UserError(f"the template {task.template!r} of {task.key} is none of {', '.join(TEMPLATE_VERSIONS)}")
    if not task.metrics or not set(task.metrics) <= set(kind.metrics):
        raise UserError(f"the metrics of {task.key} must be some of {', '.join(kind.metrics)}")
    if task.data is None:
        raise UserError(f"{task.key} has no data; give it a HubData or an OwnData")


def _check_name(name: str, expected: str, pattern: re.Pattern[str]) -> None:
    if name != expected:
        raise UserError(f"it is called {name!r}; give the entry point the same name")
    if not pattern.fullmatch(name):
        raise UserError(f"{name!r} is not a valid name; use up to 64 lower-case letters, digits and -")


def _check_data(entry: Entry, parse: Callable[[Mapping[str, Any]], Entry]) -> None:
    """That the entry is plain data, which stays the same when it is stored."""
    try:
        same = parse(entry_record(entry)) == entry
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise UserError(f"it holds more than plain data ({error})") from None
    if not same:
        raise UserError("it holds more than plain data: lists must be tuples, and all values text, numbers or truth values")
