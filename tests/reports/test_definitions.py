"""A row and a column hold runs of one definition; those of others stand apart, named by what differs."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from engine.catalog.catalog import BUILT_IN, Catalog
from engine.catalog.records import entry_record
from engine.catalog.task import BenchmarkInfo, OwnData, TaskInfo
from engine.registry.records import Run, RunState
from engine.registry.store import Store
from engine.reports.formats.csv import to_csv
from engine.reports.formats.grid import grid
from engine.reports.leaderboard import build
from engine.reports.query import Query
from engine.reports.table import Table
from engine.runs.definition import definition_of
from engine.runs.spec import RunSpec

from .rows import complete, queue, spec, start

BOOLQ = "superglue/boolq"
MOOD = TaskInfo(
    "shop", "mood", "Mood", "classification", "plain", ("text",), ("accuracy", "macro_f1"), labels=("bad", "good"),
    data=OwnData((("train", "/shop/mood.csv"),), text="{text}", dev_share=0.1, test_share=0.2), tests=(("test", "train"),),
)  # fmt: skip
RATING = replace(MOOD, name="rating", title="Rating")
HUB_REVISION = getattr(BUILT_IN.tasks[BOOLQ].data, "revision", "")
FIRST, SECOND = f"sha256:{'a' * 64}", f"sha256:{'b' * 64}"


def catalog(*tasks: TaskInfo) -> Catalog:
    return BUILT_IN.with_benchmarks({"shop": BenchmarkInfo("shop", "Shop", tasks)}, {})


def own(task: TaskInfo = MOOD, data: str = FIRST, method: str = "adapter", **fields: Any) -> RunSpec:
    """A run that recorded the task as it is given."""
    settings = {**spec(method, BOOLQ).hyperparameters, **fields.pop("settings", {})}
    fields = {"targets": (task.key,), "data": {task.key: data}, **fields}
    run = spec(method, BOOLQ).model_copy(update=fields)
    return run.model_copy(update={"hyperparameters": settings, "own": {task.key: entry_record(task)}})


def text(template: str, **fields: Any) -> TaskInfo:
    assert isinstance(MOOD.data, OwnData)
    return replace(MOOD, data=replace(MOOD.data, text=template, **fields))


def shop(store: Store, *tasks: TaskInfo) -> Table:
    (table,) = build(store, catalog(*tasks), Query(benchmark="shop")).tables
    return table


def headings(store: Store, *tasks: TaskInfo) -> list[str]:
    return [column.heading for column in shop(store, *tasks).columns]


def test_an_earlier_template_has_a_column_of_its_own_after_that_of_today(store: Store) -> None:
    complete(store, own(text("{text}!")), 0.6)
    complete(store, own(MOOD), 0.8)
    complete(store, own(RATING), 0.7)
    table = shop(store, MOOD, RATING)
    assert [column.heading for column in table.columns] == ["Mood", 'Mood (template "{text}!")', "Rating"]
    (row,) = table.rows
    assert row.settings == {}
    assert [row.cells[column.key].mean for column in table.columns] == pytest.approx([80.0, 60.0, 70.0])
    assert table.average(row) == pytest.approx(75.0), "of today's definitions alone"
    assert 'shop/mood (template "{text}!")' in to_csv(build(store, catalog(MOOD, RATING))).replace('""', '"')


def test_runs_of_an_earlier_template_alone_do_not_pass_for_those_of_today(store: Store) -> None:
    complete(store, own(text("{text}!")), 0.6)
    assert headings(store, MOOD) == ['Mood (template "{text}!")']
    assert headings(store, text("{text}!")) == ["Mood"]


def test_a_removed_task_is_compared_with_its_newest_definition(store: Store) -> None:
    complete(store, own(text("{text}!")), 0.6)
    complete(store, own(MOOD), 0.8)
    (table,) = build(store, BUILT_IN, Query(benchmark="shop")).tables
    assert [column.heading for column in table.columns] == ["Mood", 'Mood (template "{text}!")']


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (text("{text}", dev_share=0.2), "dev share 20%"),
        (text("{text}", pair="{other}"), 'pair "{other}"'),
        (text("{text}", test_share=0.0, files=(("train", "/a"), ("test", "/b"))), "files of train, test, test share 0%"),
        (text("{text}", group="author"), "group author"),
        (text("{text}", drop_labels=("-1", "")), 'drop labels -1, ""'),
        (replace(MOOD, labels=("good", "bad")), "labels good, bad"),
        (replace(MOOD, labels=tuple(f"class number {n}" for n in range(9))), "labels class number 0, … (9)"),
        (replace(MOOD, max_length=64), "max length 64"),
        (replace(text("{text}!"), max_length=64), 'template "{text}!", max length 64'),
        (text(f"{'a long beginning ' * 9}{{text}}?"), f'template "a lo{"ng beginning a lo" * 9}'[:40]),
    ],
)
def test_what_differs_is_named(store: Store, changed: TaskInfo, words: str) -> None:
    complete(store, own(MOOD), 0.8)
    complete(store, own(changed), 0.6)
    today, other = headings(store, MOOD)
    assert today == "Mood" and other.startswith(f"Mood ({words}") and len(other) < 80


def test_other_metrics_are_the_same_column(store: Store) -> None:
    complete(store, own(replace(MOOD, metrics=("accuracy",))), 0.8)
    complete(store, own(MOOD, seed=1), 0.6)
    assert headings(store, MOOD) == ["Mood"]
    assert shop(store, MOOD).rows[0].cells["shop/mood"].seeds == (0, 1)


def test_an_epoch_that_another_metric_selected_is_another_row(store: Store) -> None:
    by_metric = {"select_by": "metric"}
    complete(store, own(MOOD, settings=by_metric), 0.8)
    other = replace(MOOD, metrics=("macro_f1", "accuracy"))
    run = own(other, settings=by_metric)
    results = {"shop/mood": {"dev": {"accuracy": 0.6}, "test": {"accuracy": 0.6, "macro_f1": 0.7}}}
    store.finish(run.run_id, start(store, run), RunState.COMPLETED, results=results)
    rows = shop(store, MOOD).rows
    assert [row.settings for row in rows] == [{}, {"selected by": "macro_f1"}]


def splits(task: str, train: int, dev: int, test: int) -> dict[str, Any]:
    return {"splits": {task: {"train": train, "dev": dev, "test": test}}}


def at(day: int) -> datetime:
    return datetime(2026, 11, day, 12, tzinfo=UTC)


def test_other_rows_are_named_by_their_numbers_else_by_their_date(store: Store) -> None:
    key = MOOD.key
    complete(store, own(MOOD, FIRST), 0.5, provenance=splits(key, 120, 40, 40), created_at=at(18))
    complete(store, own(MOOD, SECOND), 0.6, provenance=splits(key, 150, 40, 40), created_at=at(20))
    complete(store, own(MOOD, SECOND, seed=1), 0.6, created_at=at(21))
    complete(store, own(MOOD, f"sha256:{'c' * 64}"), 0.7, provenance=splits(key, 150, 40, 40), created_at=at(22))
    assert headings(store, MOOD) == ["Mood", "Mood (data of 2026-11-20)", "Mood (rows 120/40/40)"]


def test_other_rows_of_the_same_day_are_told_apart(store: Store) -> None:
    for hour, letter in enumerate("abc"):
        complete(store, own(MOOD, f"sha256:{letter * 64}"), 0.5, created_at=at(20) + timedelta(hours=hour))
    today, *others = headings(store, MOOD)
    assert today == "Mood" and len(set(others)) == 2
    assert all(re.fullmatch(r"Mood \(data of 2026-11-20, first run 2026-11-20 \d\d:\d\d\)", heading) for heading in others)


def test_equal_settings_on_other_data_are_not_averaged_together(store: Store) -> None:
    complete(store, spec("adapter", BOOLQ, data="a" * 40), 0.7, created_at=at(20))
    complete(store, spec("adapter", BOOLQ, data=HUB_REVISION), 0.8, created_at=at(19))
    complete(store, spec("adapter", BOOLQ, data=FIRST).model_copy(update={"data_dir": "/rows"}), 0.9)
    (table,) = build(store, BUILT_IN).tables
    assert [column.heading for column in table.columns] == ["BoolQ", "BoolQ (local files)", "BoolQ (data of 2026-11-20)"]
    ours, *published = table.rows
    assert [ours.cells[column.key].mean for column in table.columns] == pytest.approx([80.0, 90.0, 70.0])
    assert all(set(row.cells) == {BOOLQ} for row in published), "figures of papers are of the official rows"


def test_runs_that_an_earlier_version_read_otherwise_stand_apart(store: Store) -> None:
    complete(store, spec("adapter", BOOLQ), 0.8)
    before = definition_of(BUILT_IN.tasks[BOOLQ]) | {"template_version": 0}
    run = Run.of(spec("adapter", BOOLQ, 1), definitions=[before])
    complete(store, spec("adapter", BOOLQ, 1), 0.6, definitions=[before], id=run.id)
    (table,) = build(store, BUILT_IN).tables
    assert [column.heading for column in table.columns] == ["BoolQ", "BoolQ (version 0.1.0)"]
    assert [cell.values for cell in table.rows[0].cells.values()] == [pytest.approx((80.0,)), pytest.approx((60.0,))]


def test_no_hash_names_a_row_or_a_column(store: Store) -> None:
    for letter, template in (("a", "{text}"), ("b", "{text}"), ("c", "{text}?")):
        complete(store, own(text(template), f"sha256:{letter * 64}"), 0.5)
    for table in build(store, catalog(MOOD)).tables:
        shown = grid(table)
        words = " ".join([*shown.columns, *(line.title for line in shown.lines)])
        assert not re.search(r"[0-9a-f]{8}", words.replace("-", "").lower()) or re.search(r"\d{4}-\d\d-\d\d", words)
        assert "sha256" not in words and "group" not in words


def test_a_joint_run_belongs_to_the_column_of_each_of_its_definitions(store: Store) -> None:
    keys = (MOOD.key, RATING.key)
    for task, value in ((text("{text}!"), 0.6), (MOOD, 0.8)):
        run = own(task, method="adapter-m", targets=keys, name="shop").model_copy(update={"data": dict.fromkeys(keys, FIRST)})
        complete(store, run.model_copy(update={"own": {one.key: entry_record(one) for one in (task, RATING)}}), value)
    table = shop(store, MOOD, RATING)
    earlier = 'shop/mood (template "{text}!")'
    assert [column.key for column in table.columns] == ["shop/mood", earlier, "shop/rating"]
    today, before = table.rows
    assert (today.settings, before.settings) == ({}, {"mood": 'template "{text}!"'})
    assert [set(row.cells) for row in table.rows] == [set(keys), {earlier, "shop/rating"}]
    assert table.average(today) == pytest.approx(80.0) and table.average(before) is None


def test_an_imported_adapter_of_a_task_that_only_others_recorded_stands_apart(store: Store) -> None:
    complete(store, own(MOOD), 0.8)
    unknown = own(MOOD, seed=1).model_copy(update={"own": {}})
    row = queue(store, unknown, definitions=[definition_of(MOOD)])
    attempt = store.claim(row.id, "local", "cpu")
    assert attempt is not None
    store.started(row.id, attempt)
    results = {MOOD.key: {"test": {"accuracy": 0.5}}}
    store.finish(row.id, attempt, RunState.COMPLETED, results=results, provenance={"imported": {}})
    (table,) = build(store, BUILT_IN, Query(benchmark="shop")).tables
    assert [column.heading for column in table.columns] == ["Mood", "Mood (imported)"]
    assert [(key, cell.values) for row in table.rows for key, cell in row.cells.items()] == [
        ("shop/mood", (80.0,)),
        ("shop/mood (imported)", (50.0,)),
    ]
    assert [column.heading for column in shop(store, MOOD).columns] == ["Mood"]
