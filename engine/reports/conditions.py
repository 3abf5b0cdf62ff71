"""Under which conditions the runs of a row were computed, where these differ: a difference that is none of the methods'."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from engine.registry.records import Run
from engine.reports.table import Column

ONE_GO = "whole batches"


def different_conditions(cells: Mapping[Column, Sequence[Run]]) -> dict[str, str]:
    """By condition, its values and where there are several their columns: ``float32 on BoolQ; bfloat16 on RTE``.

    Conditions that runs of earlier versions did not record are not counted.
    """
    texts = {}
    for name, value_of in CONDITIONS.items():
        columns_of: dict[tuple[str, ...], list[str]] = {}
        for column, runs in cells.items():
            if values := _known(map(value_of, runs)):
                columns_of.setdefault(values, []).append(column.heading)
        if len({value for values in columns_of for value in values}) > 1:
            told = [(" and ".join(values), ", ".join(headings)) for values, headings in columns_of.items()]
            texts[name] = told[0][0] if len(told) == 1 else "; ".join(f"{values} on {headings}" for values, headings in told)
    return texts


def conditions_of(runs: Sequence[Run], names: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    """The values that runs have of each of these conditions: several where they differ, none where it was not recorded."""
    return tuple(_known(map(CONDITIONS[name], runs)) for name in names)


def _known(values: Iterable[Any]) -> tuple[str, ...]:
    return tuple(sorted({str(value) for value in values if value is not None}))


def _recorded(name: str) -> Callable[[Run], Any]:
    return lambda run: (run.provenance or {}).get(name)


def _micro_batch(run: Run) -> Any:
    size = _recorded("micro_batch")(run)
    return ONE_GO if size is not None and size == run.parsed.hyperparameters.get("batch_size") else size


def code_version(run: Run) -> str | None:
    """Of this program."""
    version: str | None = (run.provenance or {}).get("versions", {}).get("scalearn-tui")
    return version


CONDITIONS: dict[str, Callable[[Run], Any]] = {
    "precision": _recorded("precision"),
    "micro-batch": _micro_batch,
    "threads": _recorded("threads"),
    "version": code_version,
    "commit": _recorded("git_commit"),
}
