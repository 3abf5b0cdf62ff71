"""Defaults of methods that a benchmark or a task replaces."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from engine.catalog.catalog import Catalog
from engine.catalog.method import COMMON, MethodInfo, Value

Changes = dict[str, Value]


def changed_defaults(method: MethodInfo, target: str, select_by: str) -> Changes:
    """The defaults of a run on ``target`` (a task key, or the name of a joint run's tasks) that are not the method's own.

    ``select_by`` is the task's.
    """
    usual, here = method.resolve({}, "", str(COMMON["select_by"].default)), method.resolve({}, target, select_by)
    return {name: value for name, value in here.items() if value != usual[name]}


def changes_by_benchmark(method: MethodInfo, catalog: Catalog) -> dict[str, Changes]:
    """What each benchmark changes, by its name, and what single tasks change beside that, by their keys."""
    found: dict[str, Changes] = {}
    for name, info in catalog.benchmarks.items():
        tasks = [task for task in info.tasks if task.benchmark == name]
        changes = {task.key: changed_defaults(method, task.key, task.select_by) for task in tasks}
        everywhere = set.intersection(*(set(change) for change in changes.values())) if changes else set()
        usual = {setting: Counter(change[setting] for change in changes.values()) for setting in everywhere}
        shared = {setting: values.most_common(1)[0][0] for setting, values in sorted(usual.items())}
        found[name] = shared
        found |= {key: dict(change.items() - shared.items()) for key, change in changes.items()}
    return {scope: change for scope, change in found.items() if change}


def grouped(changes: Iterable[tuple[str, str, str]]) -> list[tuple[str, str, list[str]]]:
    """From (benchmark or task, setting, method) to a line for each: the settings that the same methods have, and these."""
    methods_of: dict[tuple[str, str], list[str]] = {}
    for scope, setting, method in dict.fromkeys(changes):
        methods_of.setdefault((scope, setting), []).append(method)
    settings_of: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for (scope, setting), methods in methods_of.items():
        settings_of.setdefault((scope, tuple(methods)), []).append(setting)
    return sorted((scope, " ".join(settings), list(methods)) for (scope, methods), settings in settings_of.items())
