"""The leaderboard counts the right runs and computes what it says."""

from __future__ import annotations

import json
import sqlite3
import statistics
from contextlib import closing

import pytest

from engine.catalog.catalog import BUILT_IN
from engine.errors import UserError
from engine.registry.records import RunState
from engine.registry.store import Store
from engine.reports.formats.grid import grid
from engine.reports.leaderboard import build
from engine.reports.query import Query

from .rows import PROVENANCE, complete, queue, spec, start

RTE, BOOLQ, CB = "superglue/rte", "superglue/boolq", "superglue/cb"


def test_cell_is_mean_and_sample_deviation_of_test_headline(store: Store) -> None:
    values = [0.70, 0.72, 0.77]
    for seed, value in enumerate(values):
        complete(store, spec("adapter", BOOLQ, seed), value)
    (table,) = build(store, BUILT_IN).tables
    cell = table.rows[0].cells[BOOLQ]
    assert cell.mean == pytest.approx(73.0)
    assert cell.std == pytest.approx(100 * statistics.stdev(values))
    assert cell.seeds == (0, 1, 2)
    assert table.provenance["seeds"] == ["0", "1", "2"]


def test_only_completed_runs_count(store: Store) -> None:
    queue(store, spec("adapter", BOOLQ, 1))
    failed = spec("adapter", BOOLQ, 2)
    store.finish(failed.run_id, start(store, failed), RunState.FAILED, "out of memory", {BOOLQ: {"test": {"accuracy": 0.9}}})
    assert build(store, BUILT_IN).tables == ()
    complete(store, spec("adapter", BOOLQ, 0), 0.7)
    assert build(store, BUILT_IN).tables[0].rows[0].cells[BOOLQ].values == pytest.approx((70.0,))


def test_one_value_has_no_deviation(store: Store) -> None:
    complete(store, spec("adapter", BOOLQ), 0.7)
    assert build(store, BUILT_IN).tables[0].rows[0].cells[BOOLQ].std is None


def test_columns_are_in_catalog_order_and_average_needs_all(store: Store) -> None:
    for target, value in ((RTE, 0.6), (BOOLQ, 0.8)):
        complete(store, spec("adapter", target), value)
    complete(store, spec("full-ft", RTE), 0.5)
    (table,) = build(store, BUILT_IN).tables
    assert [column.task for column in table.columns] == [BOOLQ, RTE]
    by_method = {row.method: row for row in table.rows}
    assert table.average(by_method["adapter"]) == pytest.approx(70.0)
    assert table.average(by_method["full-ft"]) is None


def test_no_average_over_a_single_column(store: Store) -> None:
    complete(store, spec("adapter", BOOLQ), 0.8)
    (table,) = build(store, BUILT_IN).tables
    assert all(table.average(row) is None for row in table.rows)


def test_configurations_of_a_method_are_separate_rows(store: Store) -> None:
    complete(store, spec("adapter", BOOLQ), 0.7)
    complete(store, spec("adapter", BOOLQ, learning_rate=1e-3), 0.75)
    complete(store, spec("adapter", RTE, learning_rate=1e-3), 0.65)
    rows = [row for row in build(store, BUILT_IN).tables[0].rows if not row.published]
    assert [row.settings for row in rows] == [{}, {"learning_rate": "0.001"}]
    assert set(rows[1].cells) == {BOOLQ, RTE}


def test_settings_of_all_rows_move_to_the_footer(store: Store) -> None:
    for method in ("adapter", "full-ft"):
        complete(store, spec(method, BOOLQ, epochs=2, limits={"train": 500}), 0.7)
    (table,) = build(store, BUILT_IN).tables
    assert table.shared == {"epochs": "2", "limit train": "500"}
    assert all(row.settings == {} for row in table.rows)
    assert table.provenance["settings"] == ["epochs=2", "limit train=500"]


def test_settings_that_differ_by_task_by_default_are_not_deviations(store: Store) -> None:
    complete(store, spec("scalearn", "superglue/record"), 0.7)
    complete(store, spec("scalearn", BOOLQ), 0.7)
    rows = [row for row in build(store, BUILT_IN).tables[0].rows if not row.published]
    assert [row.settings for row in rows] == [{}]


def test_choice_and_settings_of_sources_are_shown(store: Store) -> None:
    keys = [task.key for task in BUILT_IN.benchmarks["superglue"].tasks]
    every = [complete(store, spec("adapter", key), 0.7) for key in keys]
    small = [complete(store, spec("adapter", key, reduction=32), 0.7) for key in keys]
    complete(store, spec("scalearn++", BOOLQ, sources=every), 0.70)
    complete(store, spec("scalearn++", BOOLQ, sources=[source for source in every if source.target in (CB, BOOLQ)]), 0.71)
    complete(store, spec("scalearn++", BOOLQ, sources=small), 0.72)
    rows = [row for row in build(store, BUILT_IN).tables[0].rows if row.method == "scalearn++"]
    assert [row.settings for row in rows] == [{}, {"source reduction": "32"}, {"sources": "boolq,cb"}]


def test_budget_of_sources_is_shown_only_where_it_differs(store: Store) -> None:
    keys = [task.key for task in BUILT_IN.benchmarks["superglue"].tasks]
    short = [complete(store, spec("adapter", key, epochs=2), 0.7) for key in keys]
    complete(store, spec("scalearn++", BOOLQ, sources=short, epochs=2), 0.70)
    complete(store, spec("scalearn++", BOOLQ, sources=short), 0.71)
    rows = [row for row in build(store, BUILT_IN).tables[0].rows if row.method == "scalearn++"]
    assert [row.settings for row in rows] == [{"epochs": "2"}, {"source epochs": "2"}]


def test_a_table_per_benchmark_and_backbone(store: Store) -> None:
    complete(store, spec("adapter", BOOLQ), 0.7)
    complete(store, spec("adapter", "glue/rte"), 0.7)
    complete(store, spec("adapter", BOOLQ, backbone="minilm"), 0.7)
    names = [(table.benchmark, table.backbone) for table in build(store, BUILT_IN).tables]
    assert names == [("glue", "roberta-base"), ("superglue", "minilm"), ("superglue", "roberta-base")]
    assert [table.backbone for table in build(store, BUILT_IN, Query(benchmark="superglue", backbone="minilm")).tables] == [
        "minilm"
    ]
    with pytest.raises(UserError, match="no benchmark 'x'"):
        build(store, BUILT_IN, Query(benchmark="x"))


def test_published_figures_are_below_ours_and_only_in_their_table(store: Store) -> None:
    complete(store, spec("scalearn++", BOOLQ), 0.7)
    complete(store, spec("scalearn++", BOOLQ, backbone="minilm"), 0.7)
    small, base = build(store, BUILT_IN).tables
    assert not any(row.published for row in small.rows)
    assert [(row.title, row.published) for row in base.rows[:2]] == [("ScaLearn++", False), ("ScaLearn++", True)]
    assert base.rows[1].cells[BOOLQ].values == (76.44,)
    assert len(base.rows) == 1 + 14


def test_scores_of_the_glue_server_stand_apart_and_are_never_averaged(store: Store) -> None:
    keys = [task.key for task in BUILT_IN.benchmarks["glue"].tasks]
    complete(store, spec("pals", keys, backbone="bert-base-uncased"), 0.8)
    (table,) = build(store, BUILT_IN).tables
    ours, *server = table.rows
    assert ours.origin == "measured" and table.average(ours) == pytest.approx(80.0)
    assert [(row.title, row.origin) for row in server] == [
        (title, "server") for title in ("BERT-base", "Shared", "Top Proj. Attn.", "PALs (204)")
    ]
    cells = {key: cell.values for key, cell in server[-1].cells.items()}
    assert cells == {
        "glue/mnli": (84.3,), "glue/qqp": (89.2,), "glue/qnli": (90.0,), "glue/sst2": (92.6,),
        "glue/stsb": (85.8,), "glue/mrpc": (84.6,), "glue/rte": (76.0,), "glue/cola": (51.2,),
    }  # fmt: skip
    assert all(table.average(row) is None for row in server)
    assert "published" not in table.provenance
    (text,) = table.provenance["server"]
    assert "BERT and PALs: scores of the GLUE server" in text and "not of the split" in text and "PALs (204) 80.4" in text
    complete(store, spec("adapter", "glue/rte"), 0.7)
    assert not any(row.origin == "server" for row in build(store, BUILT_IN, Query(backbone="roberta-base")).tables[0].rows)


def test_parameters_are_ranges_over_targets(store: Store) -> None:
    complete(store, spec("adapter", BOOLQ), 0.7, trainable=100, transfer=10)
    complete(store, spec("adapter", RTE), 0.7, trainable=120, transfer=10)
    row = build(store, BUILT_IN).tables[0].rows[0]
    assert (row.trainable, row.transfer) == ((100, 120), (10, 10))


def test_a_joint_run_fills_the_cells_of_all_its_tasks(store: Store) -> None:
    every = [task.key for task in BUILT_IN.benchmarks["superglue"].tasks]
    for seed in (0, 1):
        complete(store, spec("adapter-m", every, seed), 0.7 + 0.02 * seed, trainable=10)
    complete(store, spec("adapter-m", [CB, BOOLQ]), 0.6)
    complete(store, spec("adapter", BOOLQ), 0.8)
    (table,) = build(store, BUILT_IN).tables
    alone, whole, part = (row for row in table.rows if not row.published)
    assert (alone.method, whole.method, part.method) == ("adapter", "adapter-m", "adapter-m")
    assert whole.settings == {} and part.settings == {"tasks": "cb+boolq"}
    assert set(whole.cells) == set(every) and set(part.cells) == {CB, BOOLQ}
    assert whole.cells[CB].values == pytest.approx((70.0, 72.0)) and part.cells[BOOLQ].values == pytest.approx((60.0,))
    assert whole.trainable == (10, 10) and table.average(whole) == pytest.approx(71.0)
    assert "best epoch by the mean dev headline metric of its tasks" in " ".join(table.provenance["selection"])


def test_a_joint_run_over_two_benchmarks_is_in_both_tables(store: Store) -> None:
    complete(store, spec("pals", ["glue/rte", CB]), 0.7)
    glue, superglue = build(store, BUILT_IN).tables
    assert [set(row.cells) for row in glue.rows if not row.published] == [{"glue/rte"}]
    assert [row.settings for row in superglue.rows if not row.published] == [{}]
    assert superglue.shared == {"tasks": "glue/rte+superglue/cb"}
    assert [table.benchmark for table in build(store, BUILT_IN, Query(benchmark="superglue")).tables] == ["superglue"]


def test_a_union_of_benchmarks_has_a_table_once_a_run_covers_it(store: Store) -> None:
    adapters = {task.key: complete(store, spec("adapter", task.key), 0.7) for task in BUILT_IN.benchmarks["gsg"].tasks}
    adapters["superglue/rte"] = complete(store, spec("adapter", "superglue/rte"), 0.9)
    superglue = [adapters[task.key] for task in BUILT_IN.benchmarks["superglue"].tasks]
    complete(store, spec("scalearn++", BOOLQ, sources=superglue), 0.71)
    assert [table.benchmark for table in build(store, BUILT_IN).tables] == ["glue", "superglue"]
    assert [table.benchmark for table in build(store, BUILT_IN, Query(benchmark="gsg")).tables] == ["gsg"]

    every = [adapters[task.key] for task in BUILT_IN.benchmarks["gsg"].tasks]
    complete(store, spec("scalearn++", BOOLQ, sources=every), 0.72)
    complete(store, spec("adapter-m", [run.target for run in every]), 0.6)
    glue, superglue_table, both = build(store, BUILT_IN).tables
    assert (both.benchmark, len(both.columns), both.columns[6].task) == ("gsg", 15, "glue/rte")
    rows = {(row.method, *row.settings.items()): row for row in both.rows}
    assert rows.keys() == {("adapter",), ("adapter-m",), ("scalearn++",), ("scalearn++", ("sources", "superglue"))}
    assert rows["adapter",].cells["glue/rte"].mean == pytest.approx(70.0) and both.average(rows["adapter",]) == pytest.approx(
        70
    )
    assert rows["scalearn++",].cells[BOOLQ].mean == pytest.approx(72.0)
    ours = [row for row in superglue_table.rows if row.method]
    assert [(row.method, row.settings) for row in ours if row.settings] == [
        ("adapter-m", {"tasks": "gsg"}), ("scalearn++", {"sources": "gsg"}),
    ]  # fmt: skip
    assert not any(row.published for row in both.rows) and glue.benchmark == "glue"


def test_few_shot_runs_are_separate_rows_and_average_over_seeds(store: Store) -> None:
    others = [complete(store, spec("adapter", key), 0.7) for key in (RTE, CB)]
    complete(store, spec("adapter", BOOLQ), 0.9)
    for seed in (0, 1):
        own = complete(store, spec("adapter", BOOLQ, seed, shots=16, limits={"dev": 5000}), 0.5 + 0.1 * seed)
        complete(store, spec("scalearn++", BOOLQ, seed, [*others, own], shots=16, limits={"dev": 5000}), 0.6)
    (table,) = build(store, BUILT_IN).tables
    rows = [row for row in table.rows if not row.published]
    assert [(row.method, row.settings.get("shots")) for row in rows] == [
        ("adapter", None),
        ("adapter", "16"),
        ("scalearn++", "16"),
    ]
    assert rows[1].settings == {"shots": "16"} and rows[1].cells[BOOLQ].seeds == (0, 1)
    assert rows[2].settings == {"shots": "16", "sources": "rte,cb,boolq"} and rows[2].cells[BOOLQ].seeds == (0, 1)


@pytest.mark.parametrize("value", [1.7e308, -2.0, 1.01])
def test_a_figure_that_no_run_can_have_is_named_and_left_out(value: float, store: Store) -> None:
    """One imported accuracy of 1.7e308 ended every leaderboard of the home in a traceback."""
    complete(store, spec("adapter", RTE), 0.7)
    bad = complete(store, spec("lora", RTE), value)
    board = build(store, BUILT_IN)
    assert [row.method for row in board.tables[0].rows if row.method] == ["adapter"]
    (line,) = board.left_out
    assert line.startswith(f"{bad.run_id} (lora on {RTE}) is left out") and f"is {value:g}, which no run can have" in line


def test_a_column_whose_official_splits_were_read_in_part_is_marked(store: Store) -> None:
    """A figure on 100 of 40,430 rows stands beside a published one."""
    done = complete(store, spec("adapter", "glue/qqp"), 0.8)
    complete(store, spec("adapter", "glue/rte"), 0.7)
    read = {"glue/qqp": {"train": 363_846, "validation": 100}}
    with closing(sqlite3.connect(store.home.database)) as database, database:
        provenance = json.dumps({**PROVENANCE, "rows": read})
        database.execute("UPDATE run SET provenance = ? WHERE id = ?", (provenance, done.run_id))
    (table,) = build(store, BUILT_IN).tables
    headings = grid(table).columns
    assert headings == ("QQP (validation 100 of 40,430 rows)", "RTE")
    split = "; ".join(table.provenance["split"])
    assert "not the official splits: validation 100 of 40,430 rows" in split and "the official validation split" in split
    assert any(row.published and table.columns[0].key in row.cells for row in table.rows)


def test_the_footer_names_defaults_that_the_benchmark_replaces(store: Store) -> None:
    for name in ("sentiment", "topics"):
        for method in ("adapter", "scalearn++"):
            complete(store, spec(method, f"toy/{name}", backbone="minilm"), 0.7)
    complete(store, spec("scalearn++", "superglue/record"), 0.7)
    complete(store, spec("scalearn++", BOOLQ), 0.7)
    complete(store, spec("adapter", BOOLQ), 0.7)
    superglue, toy = (table.provenance.get("benchmark's defaults") for table in build(store, BUILT_IN).tables)
    assert toy == ["epochs=8, patience=3, select_by=metric", "learning_rate=0.001 of Adapter"]
    assert superglue == ["epochs=3 of ScaLearn++ on ReCoRD"]


def test_a_default_that_the_request_set_is_no_default_of_the_benchmark(store: Store) -> None:
    complete(store, spec("adapter", "toy/topics", backbone="minilm", epochs=2, patience=1, learning_rate=1e-4), 0.7)
    (table,) = build(store, BUILT_IN).tables
    assert table.provenance["benchmark's defaults"] == ["select_by=metric"]
