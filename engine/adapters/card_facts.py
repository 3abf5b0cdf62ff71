"""What a model card says of its adapter in several places, and foreign text as it may stand there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.adapters.card import AdapterCard
from engine.catalog.catalog import BUILT_IN
from engine.catalog.task import HubData, TaskInfo
from engine.reports.sinks import REPLACED
from engine.runs.definition import definition_of
from engine.runs.spec import digest

README = "README.md"
LIBRARY = "scalearn-tui"


def key_of(card: AdapterCard) -> str:
    """Of its task."""
    return card.spec.targets[0]


def known_task(card: AdapterCard) -> TaskInfo | None:
    """The built-in task that it is; None for one that only has the key of a built-in one."""
    known = BUILT_IN.tasks.get(key_of(card))
    return known if known and digest(definition_of(known)) == digest(card.task) else None


def title_of(card: AdapterCard) -> str:
    """``GLUE RTE``; of a task that is not built in its key."""
    known = known_task(card)
    return f"{BUILT_IN.benchmarks[known.benchmark].title} {known.title}" if known else key_of(card)


def dataset_of(card: AdapterCard) -> HubData | None:
    """The repository of a built-in task."""
    known = known_task(card)
    return known.data if known and isinstance(known.data, HubData) else None


def official_splits(card: AdapterCard) -> dict[str, str]:
    """By our name of a reported split, that of the dataset."""
    known = known_task(card)
    return dict(known.tests) if known and known.data else {}


def row_counts(card: AdapterCard, name: str) -> dict[str, int]:
    """Rows by split, of the provenance's part ``splits`` (of the run) or ``rows`` (official); nobody has checked that part."""
    of_tasks = card.provenance.model_dump().get(name)
    counts = of_tasks.get(key_of(card)) if isinstance(of_tasks, dict) else None
    return {split: count for split, count in counts.items() if isinstance(count, int)} if isinstance(counts, dict) else {}


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
