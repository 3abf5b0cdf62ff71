"""What a model card says of its adapter in several places, and foreign text as it may stand there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.adapters.card import AdapterCard
from engine.catalog.catalog import BUILT_IN
from engine.catalog.task import HubData, TaskInfo
from engine.reports.sinks import REPLACED

README = "README.md"
LIBRARY = "scalearn-tui"


def key_of(card: AdapterCard) -> str:
    """Of its task."""
    return card.spec.targets[0]


def title_of(card: AdapterCard) -> str:
    """``GLUE RTE``; of a task that is not built in its key."""
    known: TaskInfo | None = BUILT_IN.tasks.get(key_of(card))
    return f"{BUILT_IN.benchmarks[known.benchmark].title} {known.title}" if known else key_of(card)


def dataset_of(card: AdapterCard) -> HubData | None:
    """The repository of a built-in task."""
    known = BUILT_IN.tasks.get(key_of(card))
    return known.data if known and isinstance(known.data, HubData) else None


def official_splits(card: AdapterCard) -> dict[str, str]:
    """By our name of a reported split, that of the dataset."""
    return {str(ours): str(theirs) for ours, theirs in card.task.get("tests", ()) if dataset_of(card)}


def numbers(results: Mapping[str, Mapping[str, float]]) -> list[tuple[str, str, float]]:
    """Split, metric and value without losses."""
    return [
        (split, metric, value)
        for split, of in sorted(results.items())
        for metric, value in sorted(of.items())
        if metric != "loss"
    ]


def one_line(value: Any) -> str:
    """Foreign text in one line."""
    return str(value).translate(REPLACED)


def code(text: str) -> str:
    """Foreign text as code: within the marks nothing but these takes effect."""
    inner = one_line(text).replace("`", "'")
    return f"`{inner}`"
