"""What a leaderboard is asked for: metrics, splits, complete rows, and the best of several settings."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from engine.catalog.catalog import BUILT_IN
from engine.errors import UserError
from engine.registry.records import RunState
from engine.registry.store import Store
from engine.reports.formats.json import to_json
from engine.reports.leaderboard import build
from engine.reports.query import Query
from engine.reports.table import Row, Table
from engine.runs.spec import RunSpec

from .rows import complete, spec, start

RTE, MRPC, MNLI, STSB = "glue/rte", "glue/mrpc", "glue/mnli", "glue/stsb"
Splits = Mapping[str, Mapping[str, float]]


def finish(store: Store, run: RunSpec, splits: Splits) -> RunSpec:
    """A completed run with these results."""
    store.finish(run.run_id, start(store, run), RunState.COMPLETED, results={run.target: splits})
    return run


def glue(store: Store, query: Query) -> Table:
    (table,) = build(store, BUILT_IN, query).tables
    return table


def ours(table: Table) -> list[Row]:
    return [row for row in table.rows if not row.published]


@pytest.fixture
def adapters(store: Store) -> Store:
    """One method on tasks with two metrics, with two test splits, and with one of each."""
    for seed, gain in enumerate((0.0, 0.02)):
        both = {"accuracy": 0.80 + gain, "f1": 0.90 + gain}
        finish(store, spec("adapter", MRPC, seed), {"dev": {"accuracy": 0.7, "f1": 0.6}, "test": both})
        parts = {"test": {"accuracy": 0.84 + gain}, "test_mismatched": {"accuracy": 0.86 + gain}}
        finish(store, spec("adapter", MNLI, seed), {"dev": {"accuracy": 0.5}, **parts})
        correlations = {"pearson": 0.91 + gain, "spearman": 0.89 + gain}
        finish(store, spec("adapter", STSB, seed), {"dev": {"pearson": 0.4, "spearman": 0.3}, "test": correlations})
        complete(store, spec("adapter", RTE, seed), 0.60 + gain)
    return store


def test_every_metric_and_part_of_the_test_set_has_a_column_as_papers_print_them(adapters: Store) -> None:
    table = glue(adapters, Query(metric="all"))
    figures = {column.heading: round(ours(table)[0].cells[column.key].mean, 6) for column in table.columns}
    assert figures == {
        "MNLI m": 85.0, "MNLI mm": 87.0, "STS-B Pearson": 92.0, "STS-B Spearman": 90.0, "MRPC acc.": 81.0, "MRPC F1": 91.0,
        "RTE": 61.0,
    }  # fmt: skip
    plain = glue(adapters, Query())
    assert [column.heading for column in plain.columns] == ["MNLI", "STS-B", "MRPC", "RTE"]
    assert table.average(ours(table)[0]) == plain.average(ours(plain)[0]) == pytest.approx((85 + 92 + 81 + 61) / 4)
    paper = next(row for row in table.rows if row.published)
    assert set(paper.cells) == {MNLI, STSB, MRPC, RTE}, "it reports headline metrics"


def test_the_answers_of_multirc_are_scored_as_f1a_and_em(store: Store) -> None:
    finish(store, spec("adapter", "superglue/multirc"), {"test": {"f1": 0.7, "exact_match": 0.3}})
    finish(store, spec("adapter", "superglue/record"), {"test": {"f1": 0.8, "exact_match": 0.75}})
    headings = [column.heading for column in glue(store, Query(metric="all")).columns]
    assert headings == ["ReCoRD F1", "ReCoRD EM", "MultiRC F1a", "MultiRC EM"]


def test_one_metric_shows_the_tasks_that_have_it(adapters: Store) -> None:
    table = glue(adapters, Query(metric="f1"))
    assert [(column.key, column.heading) for column in table.columns] == [(f"{MRPC} test/f1", "MRPC F1")]
    assert [row.name for row in table.rows] == ["Adapter"], "what papers report is another metric"
    with pytest.raises(UserError, match=r"no metric 'spearmann' \(did you mean spearman\?\); these tasks have .*accuracy"):
        build(adapters, BUILT_IN, Query(metric="spearmann"))


def test_further_scores_of_a_server_are_in_their_own_columns(store: Store) -> None:
    run = spec("adapter", MRPC, backbone="bert-base-uncased")
    finish(store, run, {"test": {"accuracy": 0.8, "f1": 0.9}})
    table = glue(store, Query(metric="all"))
    pals = next(row for row in table.rows if row.title == "PALs (204)")
    assert {key: cell.mean for key, cell in pals.cells.items()} == {MRPC: 84.6, f"{MRPC} test/f1": 88.7}


def test_dev_is_of_the_selected_epoch_and_says_what_was_chosen_on_it(adapters: Store) -> None:
    table = glue(adapters, Query(split="dev"))
    (row,) = table.rows
    assert row.cells[f"{MRPC} dev/accuracy"].values == pytest.approx((70.0, 70.0))
    assert not any(name.startswith("test") for cell in row.cells.values() for name in cell.others)
    assert "chosen on it" in " ".join(table.provenance["split"]) and "published" not in table.provenance


def test_a_run_without_scores_on_the_split_is_left_out_for_that_reason(store: Store) -> None:
    run = finish(store, spec("adapter", RTE, 0), {"test": {"accuracy": 0.7}})
    board = build(store, BUILT_IN, Query(split="dev"))
    assert board.left_out == (f"{run.run_id} (adapter on glue/rte) is left out: it has no scores on dev",)


def test_a_cell_is_of_the_runs_that_have_the_figure(store: Store) -> None:
    finish(store, spec("adapter", MRPC, 0), {"test": {"accuracy": 0.8}})
    finish(store, spec("adapter", MRPC, 1), {"test": {"accuracy": 0.9, "f1": 0.95}})
    (row,) = ours(glue(store, Query(metric="all")))
    assert row.cells[MRPC].seeds == (0, 1) and row.cells[f"{MRPC} test/f1"].seeds == (1,)


def test_a_missing_cell_blanks_its_average_alone_and_the_footer_says_so(adapters: Store) -> None:
    complete(adapters, spec("lora", RTE), 0.7)
    complete(adapters, spec("lora", MRPC), 0.7)
    complete(adapters, spec("full-ft", RTE), 0.7)
    table = glue(adapters, Query())
    averages = {row.title: table.average(row) is not None for row in ours(table)}
    assert averages == {"Full FT": False, "Adapter": True, "LoRA": False}
    assert table.provenance["average"] == [
        "none of Full FT: MNLI, STS-B, MRPC are missing",
        "none of LoRA: MNLI, STS-B are missing",
    ]


def test_complete_only_leaves_rows_with_holes_out_and_names_them(adapters: Store) -> None:
    complete(adapters, spec("lora", RTE), 0.7)
    table = glue(adapters, Query(complete_only=True))
    assert [row.title for row in ours(table)] == ["Adapter"] and "average" not in table.provenance
    assert table.provenance["left out"] == ["LoRA: MNLI, STS-B, MRPC are missing"]


def test_a_table_without_a_complete_row_is_named(store: Store) -> None:
    complete(store, spec("adapter", RTE), 0.7)
    complete(store, spec("lora", MRPC), 0.7)
    board = build(store, BUILT_IN, Query(complete_only=True))
    assert board.tables == () and board.left_out == ("GLUE, roberta-base: no row has all tasks",)


# ---- the best of several settings


def rate(store: Store, task: str, value: float, dev: float, test: float, seeds: int = 2, method: str = "adapter") -> None:
    for seed in range(seeds):
        run = spec(method, task, seed, learning_rate=value)
        finish(store, run, {"dev": {"accuracy": dev + 0.01 * seed}, "test": {"accuracy": test}})


@pytest.fixture
def rates(store: Store) -> Store:
    """The best rate on dev is another one for each task, and the worst on test."""
    for value, on_rte, on_mrpc in ((1e-4, 0.70, 0.80), (1e-3, 0.75, 0.78), (1e-2, 0.60, 0.70)):
        rate(store, RTE, value, on_rte, 1 - on_rte)
        rate(store, MRPC, value, on_mrpc, 1 - on_mrpc)
    return store


def test_the_best_of_a_setting_is_chosen_on_dev_for_each_task(rates: Store) -> None:
    table = glue(rates, Query(best_of="learning_rate"))
    (row,) = ours(table)
    assert row.name == "Adapter (best of 3 learning_rate, chosen on dev)"
    assert (row.cells[RTE].mean, row.cells[MRPC].mean) == (pytest.approx(25.0), pytest.approx(20.0))
    assert "flatters" in table.provenance["tuning"][0]
    tuning = json.loads(to_json(build(rates, BUILT_IN, Query(best_of="lr"))))["tables"][0]["rows"][0]["tuning"]
    tried = [(one["setting"], one["chosen"], round(one["dev"], 6), one["values"]) for one in tuning["tried"][RTE]]
    assert [text[:3] for text in tried] == [
        ("learning_rate=0.0001", False, 70.5), ("learning_rate=0.001", True, 75.5), ("learning_rate=0.01", False, 60.5),
    ]  # fmt: skip
    assert tried[0][3] == pytest.approx([70.0, 71.0]) and tuning["best_of"] == "learning_rate"


def test_of_equal_settings_the_earliest_is_chosen(store: Store) -> None:
    for value in (1e-3, 1e-4):
        rate(store, RTE, value, 0.7, value)
    (row,) = ours(glue(store, Query(best_of="learning_rate")))
    assert row.cells[RTE].mean == pytest.approx(0.1)


def test_only_what_differs_in_nothing_else_competes(rates: Store) -> None:
    for value in (1e-4, 1e-2):
        finish(
            rates,
            spec("adapter", RTE, learning_rate=value, reduction=4),
            {"dev": {"accuracy": 0.99}, "test": {"accuracy": 0.5}},
        )
    finish(rates, spec("lora", RTE), {"dev": {"accuracy": 0.99}, "test": {"accuracy": 0.5}})
    names = {row.name: row.cells[RTE].mean for row in ours(glue(rates, Query(best_of="learning_rate")))}
    assert names == {
        "Adapter (best of 3 learning_rate, chosen on dev)": pytest.approx(25.0),
        "Adapter (reduction=4, best of 2 learning_rate, chosen on dev)": pytest.approx(50.0),
        "LoRA (paper's settings)": pytest.approx(50.0),
    }


def test_a_setting_that_diverged_was_tried_and_loses(rates: Store) -> None:
    run = spec("adapter", RTE, learning_rate=1.0)
    store_cause = "the loss became nan at step 3; a smaller learning_rate may help"
    rates.finish(run.run_id, start(rates, run), RunState.FAILED, store_cause)
    (row,) = ours(glue(rates, Query(best_of="learning_rate")))
    assert row.name == "Adapter (best of 3–4 learning_rate, chosen on dev)" and row.cells[RTE].mean == pytest.approx(25.0)


def test_a_setting_that_no_run_has_is_refused(rates: Store) -> None:
    with pytest.raises(UserError, match=r"no run has a setting 'learning_rat' \(did you mean learning_rate\?\)"):
        build(rates, BUILT_IN, Query(best_of="learning_rat"))


# ---- what papers report


@pytest.mark.parametrize(
    ("benchmark", "backbone", "note"),
    [
        ("superglue", "roberta-base", "printed otherwise: ProPETL 73.69, whose cells give 73.66"),
        ("humset", "xlm-roberta-base", "printed otherwise: Compacter++ 47.26, whose cells give 47.27"),
        ("glue", "roberta-base", ""),
    ],
)
def test_published_averages_are_computed_and_a_footnote_names_those_printed_otherwise(
    benchmark: str, backbone: str, note: str, store: Store
) -> None:
    tasks = BUILT_IN.benchmarks[benchmark].tasks
    for task in tasks:
        complete(store, spec("adapter", task.key, backbone=backbone), 0.7)
    (table,) = build(store, BUILT_IN).tables
    for row in table.rows:
        if row.published:
            average = sum(row.cells[task.key].mean for task in tasks) / len(tasks)
            assert table.average(row) == pytest.approx(average, abs=1e-9)
            assert row.printed_average is not None and (abs(row.printed_average - average) <= 0.005001 or row.title in note)
    (text,) = table.provenance["published"]
    assert note in text and ("printed otherwise" in text) == bool(note)


def test_published_figures_stand_beside_ours_with_their_difference(store: Store) -> None:
    complete(store, spec("adapter", RTE), 0.7)
    complete(store, spec("adapter", MRPC), 0.9)
    (row, *_) = json.loads(to_json(build(store, BUILT_IN)))["tables"][0]["rows"]
    published = row["cells"][RTE]["published"]
    assert (published["value"], published["difference"]) == (72.89, pytest.approx(-2.89))
    assert published["source"].startswith("Frohmann et al. 2024")
    assert row["average"]["published"]["difference"] == pytest.approx(80 - (72.89 + 86.64) / 2)
