"""The fields by which runs are chosen (``engine.runs.selection``), and what a run has in them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from engine.catalog.catalog import Catalog
from engine.catalog.method import Hyperparameter
from engine.registry.reading import Reader
from engine.registry.records import Run, RunState, utc_now
from engine.runs.selection import Field
from engine.runs.selection_values import Value, age, beginning, number, one_of, part_of_text, points, whole_name

SHORT = {"learning_rate": "lr", "batch_size": "bs", "weight_decay": "wd"}
DIGITS = 2
"""Of points, as lists show them: what looks equal is."""


def run_fields(reader: Reader, catalog: Catalog) -> list[Field[Run]]:
    """All fields. What is no column of runs is read of all of them at once, when it is asked for first."""
    facts = _Facts(reader, catalog)
    return [
        Field("id", lambda run: [run.id], beginning),
        Field("method", facts.methods, whole_name),
        Field("target", _targets, whole_name),
        Field("source", _sources, whole_name),
        Field("backbone", lambda run: _named(run.backbone), whole_name),
        Field("benchmark", lambda run: [run.benchmark, *run.benchmark.split("+")], whole_name),
        Field("state", lambda run: [run.state], one_of(RunState)),
        Field("seed", lambda run: [run.seed], number),
        Field("shots", lambda run: _present(run.parsed.shots), number),
        Field("epoch", lambda run: [run.epoch], number),
        Field("dev", lambda run: _shown(run.value if run.best is None else run.best), points),
        Field("test", lambda run: _shown(facts.tests.get(run.id)), points),
        Field("seconds", lambda run: [run.seconds], number),
        Field("age", lambda run: [(facts.now - run.created_at).total_seconds()], age),
        Field("device", lambda run: _present(run.device), part_of_text),
        Field("cause", lambda run: _present(run.cause), part_of_text),
        Field("tag", lambda run: facts.tags.get(run.id, []), whole_name),
        Field("sweep", lambda run: facts.sweeps.get(run.id, []), whole_name),
        *(_setting(name, setting) for name, setting in _settings(catalog).items()),
    ]


def run_text(run: Run, catalog: Catalog) -> str:
    """What terms without a field are looked for in."""
    title = catalog.methods[run.method].title if run.method in catalog.methods else ""
    return " ".join((run.id, run.method, title, run.backbone, run.target, run.state))


class _Facts:
    """What is known of runs beside their columns."""

    def __init__(self, reader: Reader, catalog: Catalog) -> None:
        self._reader, self._catalog, self.now = reader, catalog, utc_now()

    def methods(self, run: Run) -> list[str]:
        known = self._catalog.methods.get(run.method)
        return [run.method, *(known.spellings if known else ())]

    @cached_property
    def tests(self) -> dict[str, float]:
        return self._reader.headlines()

    @cached_property
    def tags(self) -> dict[str, list[str]]:
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


def _targets(run: Run) -> Iterator[str]:
    yield from _named(run.target)
    if "/" not in run.target or "+" in run.target:
        for key in run.tasks:
            yield from _named(key)


def _sources(run: Run) -> Iterator[str]:
    for source in run.parsed.sources:
        yield from (*_named(source.task), source.run_id)


def _present(value: Value | None) -> list[Value]:
    return [] if value is None else [value]


def _shown(fraction: float | None) -> list[Value]:
    return [] if fraction is None else [round(100 * fraction, DIGITS)]


def _settings(catalog: Catalog) -> dict[str, Hyperparameter]:
    return {name: setting for method in catalog.methods.values() for name, setting in method.hyperparameters().items()}


def _setting(name: str, setting: Hyperparameter) -> Field[Run]:
    reads = whole_name if isinstance(setting.default, str | bool) else number
    return Field(
        name,
        lambda run: _present(run.parsed.hyperparameters.get(name)),
        reads,
        alias=SHORT.get(name, ""),
        listed=False,
    )
