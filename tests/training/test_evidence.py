"""Every reported number is computed again from what the run answered, whose files are checked when they are read."""

from __future__ import annotations

import math
import statistics
from pathlib import Path

import numpy as np
import pytest

from engine.catalog.catalog import BUILT_IN
from engine.catalog.task import MEAN
from engine.data.check_benchmark import checked
from engine.errors import UserError
from engine.files.disk import file_digest
from engine.own_benchmarks.declaration import read_declaration
from engine.own_benchmarks.stored import Stored, save
from engine.plans.planner import make_plan, submit
from engine.plugins.home_catalog import load_catalog
from engine.registry.fence import Fenced
from engine.registry.records import Evidence, Run, RunState
from engine.registry.store import Store
from engine.reports.evidence import evidence_of, recompute
from engine.reports.evidence_summary import evidence_summary
from engine.reports.leaderboard import build
from engine.reports.query import SPLITS, Query
from engine.reports.table import Cell, Column
from engine.runs.request import Request
from engine.training.checkpoints import load_checkpoint
from tests.data.folders import part
from tests.material import DATA_DIR
from tests.own_benchmarks.shop import write_shop
from tests.training.runs import trained, work_on

SMALL = {"train": 24, "dev": 16, "test": 40}


def train(store: Store, backbone: Path, **fields: object) -> Run:
    """The last run of the request, after it and its sources were trained."""
    request = Request(**{"backbone": str(backbone), "epochs": 2, "settings": {"max_length": 128}, **fields})
    plan = make_plan(request, store, load_catalog(store.home))
    submit(plan, store)
    return [trained(store, planned.spec.run_id) for planned in plan.new][-1]


def own_loss(kind: str, logits: np.ndarray, labels: np.ndarray) -> float:
    """The mean loss in float64, without torch."""
    logits = logits.astype(np.float64)
    if kind == "regression":
        return float(np.mean((logits[:, 0] - labels) ** 2))
    if kind == "multilabel":
        return float(np.mean(np.logaddexp(0, logits) - labels * logits))
    return float(np.mean(np.logaddexp.reduce(logits, axis=1) - logits[np.arange(len(labels)), labels]))


def check(store: Store, run: Run) -> None:
    results = store.results([run.id])[run.id]
    kept = {(row.task, row.split): row for row in store.evidence(run.id)}
    assert kept.keys() == {(task, split) for task, splits in results.items() for split in splits if task != MEAN}
    for (task, split), row in kept.items():
        info, evidence = run.parsed.task(task), evidence_of(store, run, task, split)
        assert evidence.logits.dtype == np.float32 and row.epoch == run.best_epoch
        reported = dict(results[task][split])
        assert own_loss(info.kind, evidence.logits, evidence.rows["label"]) == pytest.approx(reported.pop("loss"), rel=1e-5)
        again = recompute(info, evidence)
        assert again == pytest.approx({name: reported[name] for name in again}, abs=1e-9)
        assert len(np.unique(evidence.rows["row_id"], axis=0)) == len(evidence.logits) == len(evidence.rows["cluster"])
    for split, values in results.get(MEAN, {}).items():
        headlines = [results[task][split][run.parsed.task(task).headline] for task in run.tasks]
        assert values[MEAN] == pytest.approx(math.fsum(headlines) / len(headlines), abs=1e-9)


@pytest.mark.parametrize(
    "fields",
    [
        {"methods": ("adapter",), "targets": ("toy/question",), "limits": SMALL},
        {"methods": ("scalearn++",), "targets": ("toy/choice",), "sources": ("toy/topics",), "limits": SMALL},
        {"methods": ("adapter-m",), "benchmark": "toy", "settings": {"steps_per_epoch": 3}, "limits": SMALL},
    ],
    ids=lambda fields: fields["methods"][0],
)
def test_numbers_of_the_built_in_benchmark(fields: dict[str, object], store: Store, tiny_backbone: Path) -> None:
    check(store, train(store, tiny_backbone, **{"settings": {}, **fields}))


@pytest.mark.parametrize("target", ["superglue/record", "superglue/multirc", "superglue/copa", "glue/stsb", "glue/mnli"])
def test_numbers_over_groups_options_and_two_tests(target: str, store: Store, tiny_backbone: Path, tmp_path: Path) -> None:
    task = BUILT_IN.tasks[target]
    folder = f"{task.data.folder}/{task.name}"  # type: ignore[union-attr]
    part(DATA_DIR, tmp_path, folder, train=300, **{official: 60 for _, official in task.tests})
    run = train(store, tiny_backbone, methods=("full",), targets=(target,), data_dir=tmp_path, limits=SMALL, settings={})
    check(store, run)
    assert {row.split for row in store.evidence(run.id)} == {"dev", *(name for name, _ in BUILT_IN.tasks[target].tests)}


def test_numbers_of_own_tasks_of_every_kind(store: Store, tiny_backbone: Path, tmp_path: Path) -> None:
    path = write_shop(tmp_path / "shop")
    save(store.home.benchmarks, Stored(checked(read_declaration(path)).benchmark, path, file_digest(path)))
    run = train(store, tiny_backbone, methods=("adapter-m",), benchmark="shop", settings={"steps_per_epoch": 4})
    check(store, run)
    assert evidence_summary(store.evidence(run.id), run).startswith(f"answers on dev and test of epoch {run.best_epoch}, ")


def test_every_cell_of_a_leaderboard_is_computed_again(store: Store, tiny_backbone: Path) -> None:
    settings = {"limits": SMALL, "seeds": (0, 1), "settings": {}}
    train(store, tiny_backbone, methods=("adapter", "lora"), targets=("toy/question", "toy/similarity"), **settings)
    train(store, tiny_backbone, methods=("scalearn++",), targets=("toy/question",), sources=("toy/similarity",), **settings)
    cells = 0
    for split in SPLITS:
        (table,) = build(store, BUILT_IN, Query(split=split, metric="all")).tables
        for row in table.rows:
            again = {column.key: cell_again(store, row.cells[column.key], column) for column in table.columns
                     if column.key in row.cells}  # fmt: skip
            assert {key: cell.values for key, cell in row.cells.items()} == {
                key: pytest.approx(values, abs=1e-9) for key, values in again.items()
            }
            tasks = [statistics.fmean(again[column.key]) for column in table.averaged if column.key in again]
            whole = len(tasks) == len(table.averaged)
            assert table.average(row) == (pytest.approx(statistics.fmean(tasks), abs=1e-9) if whole else None)
            cells += len(again)
    assert cells == 2 * (2 * (1 + 2) + 1), "on dev and test: of two methods accuracy and two correlations, of one the accuracy"


def cell_again(store: Store, cell: Cell, column: Column) -> list[float]:
    """The cell's values, in points, from what its runs answered."""
    evidence = [evidence_of(store, store.find(run_id), column.task, column.split) for run_id in cell.run_ids]
    return [100 * recompute(BUILT_IN.tasks[column.task], answers)[column.metric] for answers in evidence]


def test_examples_are_kept_once_for_all_runs(store: Store, tiny_backbone: Path) -> None:
    runs = [
        train(store, tiny_backbone, methods=("adapter",), targets=("toy/question",), limits=SMALL, seeds=(seed,), settings={})
        for seed in (0, 1)
    ]
    digests = [{row.split: row.rows_sha256 for row in store.evidence(run.id)} for run in runs]
    assert digests[0] == digests[1]
    assert {file.stem for file in (store.home.root / "evidence" / "rows").iterdir()} == set(digests[0].values())


def test_an_attempt_that_trains_nothing_any_more_evaluates_dev_again(store: Store, tiny_backbone: Path) -> None:
    """What dev was answered at the best epoch is known only to the attempt that trained it."""
    run = train(store, tiny_backbone, methods=("adapter",), targets=("toy/question",), limits=SMALL, settings={})
    before = {row.split: row.logits_sha256 for row in store.evidence(run.id)}
    _, card = load_checkpoint(store.home.checkpoint(run.id, "best"))
    assert card["dev"]["toy/question"]["accuracy"] == store.results([run.id])[run.id]["toy/question"]["dev"]["accuracy"]

    request = Request(methods=("adapter",), targets=("toy/question",), backbone=str(tiny_backbone), epochs=2, limits=SMALL)
    (run_id,) = submit(make_plan(request.model_copy(update={"seeds": (1,)}), store, BUILT_IN), store)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("engine.training.evidence.write_rows", lambda *_: (_ for _ in ()).throw(OSError(5, "input/output error")))
        work_on(store, run_id)
    assert store.find(run_id).state == RunState.FAILED and store.evidence(run_id) == []
    store.requeue([run_id])
    check(store, trained(store, run_id))
    assert {row.split: row.logits_sha256 for row in store.evidence(run.id)} == before


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda path: path.unlink(), "is missing; put it back"),
        (lambda path: path.write_bytes(path.read_bytes()[:-3]), "cannot be read"),
        (lambda path: path.write_bytes(path.read_bytes()[:-3] + b"abc"), "is not what was recorded"),
    ],
    ids=["missing", "cut", "changed"],
)
def test_a_damaged_file_is_named(damage: object, message: str, store: Store, tiny_backbone: Path) -> None:
    run = train(store, tiny_backbone, methods=("adapter",), targets=("toy/question",), limits=SMALL, settings={})
    row = next(row for row in store.evidence(run.id) if row.split == "test")
    for path in (store.home.evidence(run.id, row.task, "test"), store.home.evidence_rows(row.rows_sha256)):
        before = path.read_bytes()
        damage(path)  # type: ignore[operator]
        with pytest.raises(UserError, match=rf"{path.name}.* {message}"):
            evidence_of(store, run, row.task, "test")
        path.write_bytes(before)
    with pytest.raises(UserError, match=r"kept no answers on train of toy/question; it did on dev, test"):
        evidence_of(store, run, row.task, "train")


def test_a_replaced_attempt_records_nothing(store: Store, tiny_backbone: Path) -> None:
    run = train(store, tiny_backbone, methods=("adapter",), targets=("toy/question",), limits=SMALL, settings={})
    row = Evidence(run_id=run.id, task="toy/question", split="test", epoch=9, rows_sha256="", logits_sha256="", bytes=0)
    with pytest.raises(Fenced):
        store.answered(run.id, run.attempt, row)
    assert {kept.epoch for kept in store.evidence(run.id)} == {run.best_epoch}
