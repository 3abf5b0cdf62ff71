"""The fields by which runs are chosen (``engine.runs.selection``), and what a run has in them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any, TypeVar

from engine.catalog.catalog import Catalog
from engine.catalog.method import Hyperparameter
from engine.registry.listing import ListedRun
from engine.registry.reading import Reader
from engine.registry.records import Run, RunState, utc_now
from engine.runs.selection import Field
from engine.runs.selection_values import Value, age, beginning, number, one_of, part_of_text, points, whole_name
from engine.runs.spec import RunSpec

SHORT = {"learning_rate": "lr", "batch_size": "bs", "weight_decay": "wd"}
DIGITS = 2
"""Of points, as lists show them: what looks equal is."""


AnyRun = TypeVar("AnyRun", Run, ListedRun)


def run_fields(reader: Reader, catalog: Catalog, specs: Specs | None = None) -> list[Field[AnyRun]]:
    """All fields, of runs or of their rows in a list.

    What is no column of theirs is read of all runs at once, when it is asked for first.
    """
    facts = _Facts(reader, catalog, specs or Specs(reader))
    fields: list[Field[AnyRun]] = [
        Field("id", lambda run: [run.id], beginning),
        Field("method", facts.methods, whole_name),
        Field("target", facts.targets, whole_name),
        Field("source", facts.sources, whole_name),
        Field("backbone", lambda run: _named(run.backbone), whole_name),
        Field("benchmark", lambda run: [run.benchmark, *run.benchmark.split("+")], whole_name),
        Field("state", lambda run: [run.state], one_of(RunState)),
        Field("seed", lambda run: [run.seed], number),
        Field("shots", lambda run: _present(facts.spec(run).shots), number),
        Field("epoch", lambda run: [run.epoch], number),
        Field("dev", lambda run: _shown(run.value if run.best is None else run.best), points),
        Field("test", lambda run: _shown(facts.test(run)), points),
        Field("seconds", lambda run: [run.seconds], number),
        Field("age", facts.age, age),
        Field("device", lambda run: _present(run.device), part_of_text),
        Field("cause", lambda run: _present(run.cause), part_of_text),
        Field("tag", facts.tags, whole_name),
        Field("sweep", lambda run: facts.sweeps.get(run.id, []), whole_name),
    ]
    fields += [facts.setting(name, setting) for name, setting in _settings(catalog).items()]
    return fields


def run_text(run: Run | ListedRun, catalog: Catalog) -> str:
    """What terms without a field are looked for in."""
    title = catalog.methods[run.method].title if run.method in catalog.methods else ""
    return " ".join((run.id, run.method, title, run.backbone, run.target, run.state))


class Specs:
    """Specifications of runs that are known by their rows. May be kept: they are read once, and those of new runs after it."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._texts: dict[str, str | dict[str, Any]] = {}
        self._parsed: dict[str, RunSpec] = {}

    def of(self, run_id: str) -> RunSpec:
        """That of a run which exists."""
        if run_id not in self._texts:
            where, values = (" WHERE id IN :ids", {"ids": [run_id]}) if self._texts else ("", {})
            self._texts.update(self._reader.select(f"SELECT id, spec FROM run{where}", **values))
        if run_id not in self._parsed:
            text = self._texts[run_id]
            self._parsed[run_id] = RunSpec(**(json.loads(text) if isinstance(text, str) else text))
        return self._parsed[run_id]


class _Facts:
    """What is known of runs beside the columns that they share with their rows."""

    def __init__(self, reader: Reader, catalog: Catalog, specs: Specs) -> None:
        self._reader, self._catalog, self._specs, self._now = reader, catalog, specs, utc_now()

    def spec(self, run: Run | ListedRun) -> RunSpec:
        return run.parsed if isinstance(run, Run) else self._specs.of(run.id)

    def methods(self, run: Run | ListedRun) -> list[str]:
        known = self._catalog.methods.get(run.method)
        return [run.method, *(known.spellings if known else ())]

    def targets(self, run: Run | ListedRun) -> Iterator[str]:
        yield from _named(run.target)
        if "/" not in run.target or "+" in run.target:
            for key in self.spec(run).targets:
                yield from _named(key)

    def sources(self, run: Run | ListedRun) -> Iterator[str]:
        for source in self.spec(run).sources:
            yield from (*_named(source.task), source.run_id)

    def age(self, run: Run | ListedRun) -> list[Value]:
        created = run.created_at.timestamp() if isinstance(run, Run) else run.created
        return [self._now.timestamp() - created]

    def test(self, run: Run | ListedRun) -> float | None:
        return self._tests.get(run.id) if isinstance(run, Run) else run.test

    def tags(self, run: Run | ListedRun) -> Sequence[str]:
        return self._tags.get(run.id, []) if isinstance(run, Run) else run.tags

    def setting(self, name: str, setting: Hyperparameter) -> Field[AnyRun]:
        return Field(
            name,
            lambda run: _present(self.spec(run).hyperparameters.get(name)),
            whole_name if isinstance(setting.default, str | bool) else number,
            alias=SHORT.get(name, ""),
            listed=False,
        )

    @cached_property
    def _tests(self) -> dict[str, float]:
        return self._reader.headlines()

    @cached_property
    def _tags(self) -> dict[str, list[str]]:
        return self._reader.tags()

    @cached_property
    def sweeps(self) -> dict[str, list[str]]:
        """By run, the sweeps of which it is a cell."""
        names: dict[str, list[str]] = {}
        for sweep in self._reader.sweeps():
            for cell in sweep.cells:
                names.setdefault(cell["run"], []).append(sweep.name)
        return names


def _named(key: str) -> list[str]:
    """``glue/rte`` and ``rte``."""
    return [key, key.rpartition("/")[2]]


def _present(value: Value | None) -> list[Value]:
    return [] if value is None else [value]


def _shown(fraction: float | None) -> list[Value]:
    return [] if fraction is None else [round(100 * fraction, DIGITS)]


def _settings(catalog: Catalog) -> dict[str, Hyperparameter]:
    return {name: setting for method in catalog.methods.values() for name, setting in method.hyperparameters().items()}
