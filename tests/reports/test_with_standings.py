"""A tested leaderboard says how cells stand, and names what was not tested, and why."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine.catalog.catalog import BUILT_IN
from engine.errors import UserError
from engine.registry.store import Store
from engine.reports.formats.grid import footer, grid
from engine.reports.formats.json import to_json
from engine.reports.formats.text import cells
from engine.reports.leaderboard import build
from engine.reports.significance.families import holm
from engine.reports.significance.tests import TESTS
from engine.reports.table import Table
from engine.reports.with_standings import with_standings

from .answered import answer, answer_all, answers, examples
from .rows import complete, spec
from .significance.generated import contrast

SST2, STSB, RTE = "glue/sst2", "glue/stsb", "glue/rte"
SKILLS = {"full-ft": 0.4, "adapter": 1.6, "ia3": 1.62, "lora": 2.6}


def table_of(store: Store, against: str | None = None, **query: Any) -> Table:
    (table,) = with_standings(build(store, BUILT_IN, **query), store, BUILT_IN, against).tables
    return table


def one_more(store: Store, seed: int = 0, count: int = 120, provenance: Any = None, **settings: Any) -> None:
    task, rows = BUILT_IN.tasks[SST2], examples(BUILT_IN.tasks[SST2], count)
    run = spec("adapter", SST2, seed, backbone="minilm", **settings)
    answer(store, run, {SST2: answers(task, rows, 2.0, 900 + seed)}, {SST2: rows}, provenance=provenance or {})


def test_cells_and_averages_stand_somewhere(store: Store) -> None:
    answer_all(store, SKILLS, [SST2, STSB], 2)
    table = table_of(store, "adapter")
    rows = {row.method: row for row in table.rows if not row.published}
    best, named, close = rows["lora"].cells[SST2], rows["adapter"].cells[SST2], rows["ia3"].cells[SST2]
    assert best.standing and named.standing and close.standing and close.standing.against
    assert (best.standing.bold, best.standing.rank, best.standing.letters) == (True, 1, "a")
    assert not named.standing.bold and named.standing.against is None
    assert named.standing.low is not None and named.standing.low < named.mean < (named.standing.high or 0)
    assert set(named.standing.letters) & set(close.standing.letters)
    assert (close.standing.against.verdict, close.standing.against.family) == ("tied", 3)
    assert close.standing.against.difference == pytest.approx(close.mean - named.mean)
    verdicts = {
        name: row.average_standing.against.verdict for name, row in rows.items() if row.average_standing and name != "adapter"
    }  # type: ignore[union-attr]
    assert verdicts == {"full-ft": "worse", "ia3": "tied", "lora": "better"}
    assert sum(row.average_standing is not None and row.average_standing.second for row in rows.values()) == 1


def test_differences_are_those_of_the_test_corrected_for_their_number(store: Store) -> None:
    answer_all(store, {"adapter": 1.0, "full-ft": 1.3, "ia3": 1.5}, [SST2], 3, 60)
    rows = {row.method: row for row in table_of(store, "Adapter").rows if not row.published}
    found = [rows[name].cells[SST2].standing for name in ("full-ft", "ia3")]
    assert all(standing and standing.against and standing.against.test == "crossed t" for standing in found)
    ps = [standing.against.p for standing in found if standing and standing.against]
    assert [standing.against.adjusted for standing in found if standing and standing.against] == holm(ps)
    assert min(ps) > 0 and TESTS["crossed"].apply([contrast(SST2, [1.0] * 3, [1.3] * 3)]).p < 1


def test_a_board_that_is_not_tested_has_no_standing(store: Store) -> None:
    answer_all(store, {"full-ft": 1.0, "adapter": 1.6}, [SST2], 2, 30)
    (table,) = build(store, BUILT_IN).tables
    assert all(cell.standing is None for row in table.rows for cell in row.cells.values())
    assert "tests" not in table.provenance


def test_what_is_not_comparable_is_named(store: Store) -> None:
    answer_all(store, {"full-ft": 1.0, "adapter": 1.6}, [SST2], 2, 120)
    one_more(store, count=60, learning_rate=0.001)
    one_more(store, learning_rate=0.002, provenance={"precision": "float32"})
    one_more(store, seed=1, learning_rate=0.002, provenance={"precision": "bfloat16"})
    complete(store, spec("ia3", SST2, backbone="minilm"), 0.9)
    table = table_of(store)
    tests = "; ".join(table.provenance["tests"])
    assert "Holm over all pairs of a column (at most 1, averages apart)" in tests
    assert "Adapter (learning_rate=0.001) (other examples than most on SST-2)" in tests
    assert "Adapter (learning_rate=0.002) (computed under different conditions)" in tests
    assert "(IA)^3 (not all answers are kept)" in tests
    stood = [row.name for row in table.rows if SST2 in row.cells and row.cells[SST2].standing]
    assert stood == ["Full FT", "Adapter"]


def test_columns_may_differ_in_their_conditions_but_not_the_cells_of_one(store: Store) -> None:
    """All of SST-2 was trained at one commit and all of RTE at another, but for one cell."""
    skills = {"full-ft": 1.0, "adapter": 1.6, "lora": 2.0}
    for key, commit in ((SST2, "a" * 40), (RTE, "b" * 40)):
        task, rows = BUILT_IN.tasks[key], examples(BUILT_IN.tasks[key], 60)
        for number, (method, skill) in enumerate(skills.items()):
            at = "c" * 40 if (method, key) == ("lora", RTE) else commit
            for seed in range(2):
                logits = {key: answers(task, rows, skill, 100 * number + seed)}
                answer(store, spec(method, key, seed, backbone="minilm"), logits, {key: rows}, provenance={"git_commit": at})
    table = table_of(store)
    rows_of = {row.method: row for row in table.rows if not row.published}
    assert all(row.conditions for row in rows_of.values())
    stood = {(name, key) for name, row in rows_of.items() for key in (SST2, RTE) if row.cells[key].standing}
    assert stood == {(name, key) for name in skills for key in (SST2, RTE)} - {("lora", RTE)}
    assert "LoRA (other conditions than most on RTE)" in "; ".join(table.provenance["tests"])


def test_rows_of_one_seed_are_compared_as_trained_models(store: Store) -> None:
    answer_all(store, {"full-ft": 1.0, "adapter": 1.6}, [SST2], 2, 60)
    one_more(store, count=60, learning_rate=0.001)
    table = table_of(store, "Adapter (learning_rate=0.001)")
    assert "of rows with one seed (Adapter (learning_rate=0.001)) only trained models are compared" in "; ".join(
        table.provenance["tests"]
    )
    standings = [row.cells[SST2].standing for row in table.rows if SST2 in row.cells]
    claims = [standing.against.claim for standing in standings if standing and standing.against]
    assert claims == ["models", "models"] and [standing.low is None for standing in standings if standing].count(True) == 1


def test_source_adapters_are_named_as_given(store: Store) -> None:
    tasks = [task.key for task in BUILT_IN.benchmarks["glue"].tasks]
    sources = [complete(store, spec("adapter", key, seed=5, backbone="minilm"), 0.5) for key in tasks]
    rows = examples(BUILT_IN.tasks[SST2], 60)
    for number, method in enumerate(("scalearn", "scalearn++")):
        for seed in range(2):
            run = spec(method, SST2, seed, sources, backbone="minilm")
            answer(store, run, {SST2: answers(BUILT_IN.tasks[SST2], rows, 1 + number, 10 * number + seed)}, {SST2: rows})
    assert "given the source adapters of seed 5" in table_of(store).provenance["tests"]


def test_a_damaged_file_costs_its_column_alone(store: Store) -> None:
    answer_all(store, {"full-ft": 1.0, "adapter": 1.6}, [SST2, RTE], 2, 60)
    run = store.runs(target=SST2)[0]
    store.home.evidence(run.id, SST2, "test").write_bytes(b"nothing")
    table = table_of(store)
    stood = {column.task: [row.cells[column.task].standing for row in table.rows if row.method] for column in table.columns}
    assert all(stood[RTE]) and not any(stood[SST2])
    assert "cannot be read" in "; ".join(table.provenance["tests"])
    assert all(row.average_standing is None for row in table.rows)


def test_joint_runs_stand_in_all_their_columns(store: Store) -> None:
    tasks = ("glue/rte", "glue/sst2")
    rows = {key: examples(BUILT_IN.tasks[key], 60) for key in tasks}
    for number, method in enumerate(("adapter-m", "full-ft-m")):
        for seed in range(2):
            logits = {key: answers(BUILT_IN.tasks[key], rows[key], 1 + number, 10 * number + seed) for key in tasks}
            answer(store, spec(method, tasks, seed, backbone="minilm"), logits, rows)
    table = table_of(store)
    assert all(row.cells[key].standing and row.average_standing for row in table.rows if row.method for key in tasks)


def test_the_named_row_must_be_one(store: Store) -> None:
    answer_all(store, {"full-ft": 1.0, "ia3": 1.6}, [SST2], 2, 30)
    with pytest.raises(UserError, match=r"no row 'full tf'; there are Full FT, \(IA\)\^3"):
        table_of(store, "full tf")
    one_more(store, count=30, learning_rate=0.001)
    one_more(store, count=30, learning_rate=0.002)
    assert table_of(store, "full_ft").rows
    with pytest.raises(
        UserError, match=r"several rows of adapter: Adapter \(learning_rate=0.001\); Adapter \(learning_rate=0.002"
    ):
        table_of(store, "adapter")


def test_marks_and_json(store: Store) -> None:
    answer_all(store, SKILLS, [SST2, STSB], 2, 120)
    board = with_standings(build(store, BUILT_IN), store, BUILT_IN, "adapter")
    shown = grid(board.tables[0])
    by_name = {line.title: cells(shown, line)[3:6] for line in shown.lines}
    assert [text[-1] for text in by_name["LoRA"]] == ["↑", "↑", "↑"]
    assert [text[-1] for text in by_name["Full FT"]] == ["↓", "↓", "↓"]
    assert not any(mark in text for text in by_name["Adapter"] for mark in "↑↓=")
    tests = dict(footer(board, board.tables[0]))["tests"]
    assert "over 3 for ↑ better, ↓ worse, = tied than Adapter" in tests
    document = json.loads(to_json(board))
    (lora,) = [row for row in document["tables"][0]["rows"] if row["title"] == "LoRA"]
    assert lora["cells"][SST2]["standing"]["against"]["verdict"] == "better"
    assert lora["average"]["standing"]["rank"] == 1


def test_an_average_of_cells_with_one_seed_and_with_several_has_no_rank(store: Store) -> None:
    answer_all(store, {"full-ft": 0.8, "ia3": 1.6, "lora": 2.6}, [SST2], 2)
    answer_all(store, {"ia3": 1.6, "lora": 2.6}, [STSB], 2)
    answer_all(store, {"full-ft": 0.8}, [STSB], 1)
    table = table_of(store)
    ranks = {row.name: row.average_standing.rank if row.average_standing else None for row in table.rows}
    assert ranks == {"Full FT": None, "(IA)^3": 2, "LoRA": 1}
    assert all(cell.standing for row in table.rows for cell in row.cells.values())
    assert "Full FT (its average: some of its cells have one seed, others several)" in "; ".join(table.provenance["tests"])
