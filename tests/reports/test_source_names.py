"""A row is named by its sources' choice, order and training; runs on several targets share one where a name fits them all."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from engine.catalog.catalog import BUILT_IN
from engine.registry.store import Store
from engine.reports.formats.grid import grid
from engine.reports.leaderboard import build
from engine.reports.query import Query
from engine.reports.table import Row, Table
from engine.runs.spec import RunSpec

from .rows import complete, spec

GLUE = [task.name for task in BUILT_IN.benchmarks["glue"].tasks]
Combine = Callable[..., RunSpec]


@pytest.fixture
def adapters(store: Store) -> dict[str, RunSpec]:
    return {name: complete(store, spec("adapter", f"glue/{name}"), 0.7) for name in GLUE}


@pytest.fixture
def combine(store: Store, adapters: dict[str, RunSpec]) -> Combine:
    """A run on ``target`` that combines the adapters of ``names`` as a plan would: the target's own last."""

    def run(
        target: str, names: Iterable[str], value: float = 0.7, special: dict[str, RunSpec] | None = None, **kw: Any
    ) -> RunSpec:
        order = sorted(names, key=lambda name: name == target)
        sources = [{**adapters, **(special or {})}[name] for name in order]
        return complete(store, spec("scalearn++", f"glue/{target}", sources=sources, **kw), value)

    return run


def without(*left_out: str) -> list[str]:
    return [name for name in GLUE if name not in left_out]


def table_of(store: Store) -> Table:
    return build(store, BUILT_IN, Query(benchmark="glue")).tables[0]


def rows_of(store: Store) -> dict[str, Row]:
    """The two-stage rows by the settings that name them, those of all rows included."""
    table = table_of(store)
    rows = [row for row in table.rows if row.method == "scalearn++"]
    return {", ".join(f"{name}={text}" for name, text in row.settings.items()): row for row in rows}


def targets(row: Row) -> set[str]:
    return {key.removeprefix("glue/") for key in row.cells}


def test_runs_without_their_own_adapter_share_a_row_with_an_average(store: Store, combine: Combine) -> None:
    for number, name in enumerate(GLUE):
        combine(name, without(name), 0.6 + 0.01 * number)
    (row,) = rows_of(store).items()
    assert row[0] == "sources=all but own"
    assert table_of(store).average(row[1]) == pytest.approx(63.5)
    assert any(line.title == "ScaLearn++ (sources=all but own)" for line in grid(table_of(store)).lines)


def test_leaving_out_one_source_has_a_row_for_each_with_an_average(store: Store, combine: Combine) -> None:
    for left_out in ("rte", "cola"):
        for name in GLUE:
            combine(name, without(left_out))
    rows = rows_of(store)
    assert rows.keys() == {"sources=all but rte", "sources=all but cola"}
    assert all(targets(row) == set(GLUE) for row in rows.values())
    assert rows["sources=all but rte"].cells["glue/rte"].run_ids != rows["sources=all but cola"].cells["glue/rte"].run_ids
    assert all(table_of(store).average(row) == pytest.approx(70.0) for row in rows.values())


def test_the_whole_grid_has_a_row_without_own_too(store: Store, combine: Combine) -> None:
    for left_out in GLUE:
        for name in GLUE:
            combine(name, without(left_out))
    rows = rows_of(store)
    assert rows.keys() == {"sources=all but own", *(f"sources=all but {name}" for name in GLUE)}
    assert all(targets(row) == set(GLUE) for row in rows.values())


def test_a_single_run_has_one_row(store: Store, combine: Combine) -> None:
    combine("rte", without("rte"))
    assert rows_of(store).keys() == {"sources=all but own"}
    combine("mrpc", ["mrpc"])
    assert rows_of(store).keys() == {"sources=all but own", "sources=own"}


def test_the_same_list_for_all_targets_is_one_row(store: Store, combine: Combine) -> None:
    for name in ("rte", "mrpc", "cola"):
        combine(name, ["mrpc", "rte"])
    rows = rows_of(store)
    assert rows.keys() == {"sources=mrpc,rte"} and targets(rows["sources=mrpc,rte"]) == {"rte", "mrpc", "cola"}


def test_a_source_beside_the_own_one_is_one_row(store: Store, combine: Combine) -> None:
    for name in ("rte", "mrpc", "cola"):
        combine(name, ["mnli", name])
    rows = rows_of(store)
    assert rows.keys() == {"sources=mnli,own"} and targets(rows["sources=mnli,own"]) == {"rte", "mrpc", "cola"}


def test_with_and_without_the_own_adapter_are_told_apart(store: Store, combine: Combine) -> None:
    combine("rte", GLUE)
    combine("rte", without("rte"))
    combine("rte", ["mnli"])
    combine("rte", ["mnli", "rte"])
    assert rows_of(store).keys() == {"", "sources=all but own", "sources=mnli", "sources=mnli,rte"}


def test_the_order_of_sources_names_a_row(store: Store, combine: Combine) -> None:
    for name in ("rte", "mrpc", "cola"):
        combine(name, ["rte", "mrpc", "mnli"], 0.6)
        combine(name, ["mnli", "mrpc", "rte"], 0.7)
    rows = rows_of(store)
    assert rows.keys() == {"sources=rte,mrpc,mnli", "sources=mnli,mrpc,rte"}
    assert all(targets(row) == {"rte", "mrpc", "cola"} for row in rows.values())


def test_another_order_of_a_whole_benchmark_is_written_out(store: Store, combine: Combine) -> None:
    combine("rte", GLUE)
    for name in ("rte", "sst2"):
        combine(name, GLUE[::-1])
    rows = rows_of(store)
    order = ",".join(GLUE[::-1])
    assert rows.keys() == {"", f"sources=all in the order {order}"}
    assert targets(rows[f"sources=all in the order {order}"]) == {"rte", "sst2"}
    combine("rte", without("rte")[::-1])
    assert f"sources=all but own in the order {','.join(without('rte')[::-1])}" in rows_of(store)


def test_the_training_of_one_source_names_a_row(store: Store, combine: Combine) -> None:
    seeded = complete(store, spec("adapter", "glue/cola", 3), 0.7)
    fast = complete(store, spec("adapter", "glue/cola", learning_rate=1e-3), 0.7)
    for name in ("rte", "cola"):
        combine(name, GLUE)
        combine(name, GLUE, special={"cola": seeded})
        combine(name, GLUE, special={"cola": fast})
    rows = rows_of(store)
    assert rows.keys() == {"", "source cola: seed=3", "source cola: learning_rate=0.001"}
    assert all(targets(row) == {"rte", "cola"} for row in rows.values())


def test_the_training_of_two_sources_names_one_row_on_their_own_tasks_too(store: Store, combine: Combine) -> None:
    special = {name: complete(store, spec("adapter", f"glue/{name}", 3), 0.7) for name in ("rte", "cola")}
    for name in ("rte", "cola", "sst2"):
        combine(name, GLUE, special=special)
    ((name, row),) = rows_of(store).items()
    assert name == "source cola: seed=3, source rte: seed=3" and targets(row) == {"rte", "cola", "sst2"}


def test_the_training_of_the_own_source_is_told_by_its_role(store: Store, combine: Combine) -> None:
    for name in ("rte", "cola"):
        combine(name, GLUE, special={name: complete(store, spec("adapter", f"glue/{name}", 3), 0.7)})
    rows = rows_of(store)
    assert rows.keys() == {"source own: seed=3"} and targets(rows["source own: seed=3"]) == {"rte", "cola"}


def test_the_training_of_all_sources_is_told_once(store: Store, combine: Combine) -> None:
    special = {name: complete(store, spec("adapter", f"glue/{name}", 1), 0.7) for name in GLUE}
    combine("rte", GLUE, special=special)
    combine("cola", GLUE, special=special)
    (table,) = build(store, BUILT_IN, Query(benchmark="glue")).tables
    assert [row.settings for row in table.rows if row.method == "scalearn++"] == [{"source seed": "1"}]


def test_the_own_adapter_of_a_few_shot_run_has_its_seed(store: Store, combine: Combine) -> None:
    for seed in (0, 1):
        own = complete(store, spec("adapter", "glue/rte", seed, shots=16), 0.5)
        combine("rte", GLUE, special={"rte": own}, seed=seed, shots=16)
    (row,) = rows_of(store).items()
    assert row[0] == "shots=16" and row[1].cells["glue/rte"].seeds == (0, 1)


def test_a_source_of_other_rows_names_a_row(store: Store, combine: Combine) -> None:
    combine("rte", GLUE)
    combine("rte", GLUE, special={"cola": complete(store, spec("adapter", "glue/cola", data="e" * 40), 0.7)})
    first, second = rows_of(store)
    assert first == "" and second.startswith("source cola=data of 20")


def test_sources_of_another_benchmark_go_by_its_name(store: Store, combine: Combine, adapters: dict[str, RunSpec]) -> None:
    for name in ("boolq", "cb"):
        complete(store, spec("scalearn++", f"superglue/{name}", sources=list(adapters.values())), 0.7)
        some = [adapters[name] for name in without("rte")]
        complete(store, spec("scalearn++", f"superglue/{name}", sources=some), 0.7)
    (table,) = build(store, BUILT_IN, Query(benchmark="superglue")).tables
    rows = [row for row in table.rows if row.method]
    assert [row.settings for row in rows] == [{"sources": "glue"}, {"sources": "glue but rte"}]
    assert all(len(row.cells) == 2 for row in rows)
