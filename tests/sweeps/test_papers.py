"""The tables of the papers have a cell for every number and seed, with the settings of the released scripts."""

from __future__ import annotations

import csv
import re
from collections import Counter
from pathlib import Path

import pytest

from engine.catalog.catalog import BUILT_IN
from engine.catalog.task import HubData
from engine.errors import UserError
from engine.plans.estimates import planned_steps
from engine.plans.guesses import guessed_seconds
from engine.registry.opening import open_reader
from engine.registry.store import Store
from engine.reports.published import FOLDER as PUBLISHED
from engine.sweeps.papers import FOLDER, SMALL, paper_table, paper_tables
from engine.sweeps.planning import PlannedSweep, plan_sweep
from tests.docs.pages import ROOT
from tests.plans.requests import needs_minilm

CELLS = {
    "ablation": 84, "fewshot": 4020, "glue": 483, "gsg": 987, "humset": 150, "pals": 40, "probing": 2674, "superglue": 609,
}  # fmt: skip
LARGE = {"mnli", "qqp", "qnli", "sst2", "record", "multirc"}
SCALEARN = {"scalearn", "scalearn-uniform", "scalearn++", "scalearn-uniform++"}
RATES = {
    "full-ft": 2e-5, "adapter": 3e-4, "propetl": 1e-3, "compacter++": 3e-3, "full-ft-m": 2e-5, "adapter-m": 3e-4,
    "propetl-m": 3e-4, "hyperformer": 3e-4, "hyperformer++": 3e-4, "adapterfusion": 5e-5, "probing": 3e-4, "probing-pair": 3e-4,
} | dict.fromkeys([*SCALEARN, "scalearn-softmax", "scalearn-mean"], 6e-3)  # fmt: skip
"""Learning rates of the released scripts of ScaLearn."""


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file for every split of the hub's tasks: plans read none of their rows."""
    folder = tmp_path_factory.mktemp("data")
    for task in BUILT_IN.tasks.values():
        if isinstance(task.data, HubData):
            for split in task.official_splits:
                name = task.data.local_file.format(config=task.config or task.name, split=split)
                file = folder / task.data.folder / name
                file.parent.mkdir(parents=True, exist_ok=True)
                file.touch()
    return folder


def planned(store: Store, data_dir: Path, table: str, **changes: object) -> PlannedSweep:
    changes = {"backbones": "minilm", "data_dir": str(data_dir), **changes}
    return plan_sweep(paper_table(table, changes), open_reader(store.home), BUILT_IN)


def test_each_table_has_a_file_that_says_what_it_is_and_no_other_name() -> None:
    assert paper_tables() == list(CELLS)
    for table in CELLS:
        text = (FOLDER / f"{table}.toml").read_text()
        comment = " ".join(line[2:] for line in text.splitlines() if line.startswith("#"))
        assert ("docs/deviations.md" in comment and "et al. 2024" in comment) or "Stickland & Murray 2019" in comment
        declared = paper_table(table, {})
        assert declared.name == table and declared.text.startswith(text[: text.index("\nname")])
        assert max(len(line) for line in text.splitlines()) <= 128
    with pytest.raises(
        UserError, match=r"no table 'supergleu' \(did you mean superglue\?\); there are ablation, fewshot, glue"
    ):
        paper_table("supergleu", {})


@needs_minilm
@pytest.mark.parametrize(("table", "file"), [("glue", "glue_roberta-base"), ("superglue", "superglue_roberta-base")])
def test_a_benchmarks_table_has_ten_seeds_for_small_tasks_and_three_for_large_ones(
    table: str, file: str, store: Store, data_dir: Path
) -> None:
    rows, tasks = printed(file)
    seeds = {task: 3 if task in LARGE else 10 for task in tasks}
    sweep = planned(store, data_dir, table)
    assert Counter((cell.method, cell.target) for cell in sweep.cells) == {
        **{(method, f"{table}/{task}"): seeds[task] for method, group in rows.items() for task in tasks if group != "joint"},
        **{(method, table): 3 for method, group in rows.items() if group == "joint"},
    }
    # Sources are those with seed 0, which are cells themselves.
    assert len(sweep.plan.runs) == len(sweep.cells) == CELLS[table]


@needs_minilm
def test_humsets_table_has_three_seeds_and_the_union_those_of_both(store: Store, data_dir: Path) -> None:
    rows, tasks = printed("humset_xlm-roberta-base")
    single = sum(group != "joint" for group in rows.values())
    cells = planned(store, data_dir, "humset").cells
    assert len(cells) == CELLS["humset"] == 3 * (single * len(tasks) + len(rows) - single) and {
        cell.seed for cell in cells
    } == {0, 1, 2}

    union = planned(store, data_dir, "gsg")
    both = [run for table in ("glue", "superglue") for run in planned(store, data_dir, table).plan.runs]
    alone = {run.run_id for run in both if run.spec.method in ("full-ft", "adapter", "propetl", "compacter++")}
    shared = {cell.run for cell in union.cells if BUILT_IN.methods[cell.method].group == "single-task"}
    assert shared <= alone and len(alone - shared) == 40, "of RTE, the row of GLUE alone"
    assert {len(run.spec.sources) for run in union.plan.runs} == {0, 15}
    assert len(union.cells) == CELLS["gsg"] == 9 * (9 * 10 + 6 * 3) + 5 * 3


def printed(file: str) -> tuple[dict[str, str], list[str]]:
    """The group of each method, and the tasks, of a published table."""
    with (PUBLISHED / f"{file}.csv").open(newline="") as lines:
        table = list(csv.DictReader(lines))
    rows = {BUILT_IN.find_method(line["method"]).name: line["group"] for line in table}
    tasks = [column.replace("sst-2", "sst2").replace("sts-b", "stsb") for column in table[0]]
    return rows, [task for task in tasks if task not in ("method", "group", "avg")]


@needs_minilm
def test_the_other_tables_have_what_their_papers_have(store: Store, data_dir: Path) -> None:
    ablation = planned(store, data_dir, "ablation").plan.runs
    seeds = Counter((run.spec.method, run.spec.target.split("/")[1] in LARGE) for run in ablation if run.role == "target")
    assert {count for (_, large), count in seeds.items() if large} == {4 * 2} and CELLS["ablation"] == 3 * (4 * 2 + 4 * 5)
    assert {count for (_, large), count in seeds.items() if not large} == {4 * 5}
    dropout = {run.spec.method: run.spec.hyperparameters["omega_dropout"] for run in ablation if run.spec.sources}
    assert dropout == {"scalearn": 0.3, "scalearn-softmax": 0.0, "scalearn-mean": 0.0}

    probing = planned(store, data_dir, "probing")
    one, two = ([cell for cell in probing.cells if cell.method == method] for method in ("probing", "probing-pair"))
    assert len(one) == 7 * 4 * (5 * 5 + 4 * 3 + 6 * 1) and len(two) == 7 * 7 * 10 * 3 == CELLS["probing"] - len(one)
    pairs = {(run.spec.target, *(source.task for source in run.spec.sources)) for run in probing.plan.runs if run.spec.sources}
    assert {(pair[1], pair[2] == pair[0]) for pair in pairs if len(pair) == 3} == {("glue/mnli", True)}

    fewshot = planned(store, data_dir, "fewshot", seeds=0)
    assert Counter(cell.shots for cell in fewshot.cells) == dict.fromkeys([4, 16, 32, 100], 6 * (8 + 8 + 5) + 5 * 15)
    assert paper_table("fewshot", {}).parts["part 1"].seeds == (0, 1, 2, 3, 4) and 5 * len(fewshot.cells) == CELLS["fewshot"]
    assert paper_table("fewshot", {}).parts["part 3"].backbones == ("xlm-roberta-base",)
    steps = {run.spec.hyperparameters["epochs"] for run in fewshot.plan.runs if run.spec.shots in (4, 16, 32)}
    assert steps == {1000}, "one optimiser step each"

    pals = planned(store, data_dir, "pals").plan.runs
    joint = {run.spec.method for run in pals if run.spec.joint}
    with (PUBLISHED / "pals_bert-base.csv").open(newline="") as lines:
        titles = {line["method"].removesuffix(" (204)") for line in csv.DictReader(lines)}
    assert {BUILT_IN.find_method(title.lower().replace(" ", "-")).name for title in titles - {"BERT-base"}} <= joint
    assert joint == {method.name for method in BUILT_IN.methods.values() if "PALs" in method.paper and method.name in joint}
    assert {run.spec.seed for run in pals} == {42} and {run.spec.hyperparameters["epochs"] for run in pals} == {3, 25}
    assert len(pals) == CELLS["pals"] == 4 * 8 + 8 and len(joint) == 8


@needs_minilm
@pytest.mark.parametrize("table", ["glue", "superglue", "ablation", "probing"])
def test_settings_are_those_of_the_released_scripts(table: str, store: Store, data_dir: Path) -> None:
    for spec in (run.spec for run in planned(store, data_dir, table, seeds=0).plan.runs):
        got = spec.hyperparameters
        method = BUILT_IN.methods[spec.method]
        patience = 10 if method.joint else 30 if spec.method.startswith("scalearn") else 5
        short = method.group == "two-stage" and spec.target == "superglue/record"
        epochs = 50 if method.joint else 3 if short else 30
        assert (got["learning_rate"], got["batch_size"], got["max_grad_norm"]) == (RATES[spec.method], 32, 1.0), spec.method
        assert (got["patience"], got["epochs"]) == (patience, epochs), (spec.method, spec.target)
        assert got["weight_decay"] == (0.1 if spec.method == "propetl" else 0.0)
        assert got.get("steps_per_epoch", 7500) * got["epochs"] == (375_000 if method.joint else 7500 * epochs)
        assert got.get("keep") in (None, 0.3 if method.joint else 0.5) and got.get("reduction", 16) == 16
        assert not spec.limits and spec.shots is None


@needs_minilm
@pytest.mark.parametrize("table", CELLS)
def test_the_small_budget_is_one_seed_and_few_rows_for_every_run(table: str, store: Store, data_dir: Path) -> None:
    sweep = planned(store, data_dir, table, name=f"{table}-small", **SMALL)
    assert sweep.declaration.name == f"{table}-small" and {run.spec.seed for run in sweep.plan.runs} == {0}
    for spec in (run.spec for run in sweep.plan.runs):
        assert spec.limits == {"train": 100, "dev": 50, "test": 100} and spec.hyperparameters["epochs"] == 1
        assert spec.hyperparameters.get("steps_per_epoch", 0) <= 100 * 15 / 32 + 1
    if table == "superglue":
        assert len(sweep.cells) == len(sweep.plan.runs) == 9 * 8 + 5
        assert sum(guessed_seconds(run.spec, planned_steps(run.spec, {}) or 0, {}) or 0 for run in sweep.plan.runs) < 3600


def test_the_page_has_every_table_with_its_cells() -> None:
    rows = re.findall(r"^\| `(\w+)` \|.*\| ([\d,]+) \|$", (ROOT / "docs" / "sweeps.md").read_text(), re.MULTILINE)
    assert {table: int(cells.replace(",", "")) for table, cells in rows} == CELLS
