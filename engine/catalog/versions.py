"""Versions of what turns rows into tokens. They are part of a task's definition, so of every run's fingerprint.

A change in what a template, the tokenization or the reading of own rows makes of the same rows must raise its version here;
earlier results are then neither reused nor resumed. Version 1 is left out of definitions, so that ids stay what they were
before versions existed.
"""

from __future__ import annotations

from engine.catalog.task import OwnData, TaskInfo

TEMPLATE_VERSIONS = {"plain": 1, "wic": 1, "wsc": 1, "copa": 1, "choice": 1, "multirc": 1, "record": 1}
"""By the name of the template (``engine.data.templates``)."""
TOKENIZATION_VERSION = 1
"""Of truncation, special tokens and the joining of texts (``engine.data.tokenizer``)."""
OWN_ROWS_VERSION = 1
"""Of how own patterns and labels become texts and ids (``engine.data.own_rows``, ``engine.own_benchmarks.pattern``)."""


def versions_of(task: TaskInfo) -> dict[str, int]:
    """The versions above 1 that the task's tokens depend on, by the name that definitions give them."""
    versions = {"template_version": TEMPLATE_VERSIONS[task.template], "tokenization_version": TOKENIZATION_VERSION}
    if isinstance(task.data, OwnData):
        versions["own_rows_version"] = OWN_ROWS_VERSION
    return {name: version for name, version in versions.items() if version > 1}
