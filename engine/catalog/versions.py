"""Versions of what turns rows into tokens. They are part of a task's definition, so of every run's fingerprint.

A change in what a template, the tokenization or the reading of own rows makes of the same rows must raise its version here;
earlier results are then neither reused nor resumed. Version 1 is left out of definitions, so that ids stay what they were
before versions existed.
"""

from __future__ import annotations

from engine.catalog.numbers import is_number, is_whole
from engine.catalog.task import OwnData, TaskInfo

TEMPLATE_VERSIONS = {"plain": 1, "wic": 1, "wsc": 1, "copa": 1, "choice": 1, "multirc": 1, "record": 1}
"""By the name of the template (``engine.data.templates``)."""
TOKENIZATION_VERSION = 1
"""Of truncation, special tokens and the joining of texts (``engine.data.tokenizer``)."""
OWN_ROWS_VERSION = 1
"""Of how own patterns and labels become texts and ids (``engine.data.own_rows``, ``engine.data.own_labels``)."""
NUMBER_NAMES_VERSION = 2
"""Of own tasks with labels such as ``1.0``: version 1 read the cell ``1`` as the id of the second label."""


def versions_of(task: TaskInfo) -> dict[str, int]:
    """The versions above 1 that the task's tokens depend on, by the name that definitions give them."""
    versions = {"template_version": TEMPLATE_VERSIONS[task.template], "tokenization_version": TOKENIZATION_VERSION}
    if isinstance(task.data, OwnData):
        numbers = any(is_number(label) and not is_whole(label) for label in task.labels)
        versions["own_rows_version"] = max(OWN_ROWS_VERSION, NUMBER_NAMES_VERSION if numbers else 1)
    return {name: version for name, version in versions.items() if version > 1}
