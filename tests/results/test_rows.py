"""Rows of results are what the registry and the evidence hold, for every kind and for pandas."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import results
from engine.catalog.task import MEAN
from engine.errors import UserError
from engine.registry.store import Store
from engine.reports.evidence import evidence_of
from engine.runs.spec import RunSpec
from tests.results.conftest import ADAPTERS, FEW, JOINT, TRANSFER, UNDER_WAY


def scores_of(store: Store, declared: RunSpec) -> list[results.Score]:
    return list(results.scores(f"id:{declared.run_id}", store.home.root))


def test_every_number_of_the_registry_is_a_score_of_its_run(filled: Store) -> None:
    found = results.scores(home=filled.home.root)
    numbers = {
        (run, task, split, metric): value
        for run, tasks in filled.results([run.id for run in filled.runs()]).items()
        for task, splits in tasks.items()
        for split, values in splits.items()
        for metric, value in values.items()
    }
    listed = [((score.run, score.task, score.split, score.metric), score.value) for score in found]
    assert dict(listed) == numbers and len(listed) == len(numbers) > 20
    assert [score.task for score in scores_of(filled, JOINT)][-1] == MEAN
    assert list(found) == list(found), "iterating again reads again"


def test_a_score_has_what_tells_its_run_apart(filled: Store) -> None:
    score = scores_of(filled, TRANSFER)[-1]
    assert (score.method, score.backbone, score.target, score.seed) == ("scalearn", "roberta-base", "toy/claim", 1)
    assert score.sources == ("toy/question", "toy/claim") and score.tags == ("a+b", "paper") and score.state == "completed"
    assert (score.task, score.split, score.value) == ("toy/claim", "test", pytest.approx(0.7)) or score.metric == "loss"
    assert score.group == filled.find(TRANSFER.run_id).group_id


def test_settings_are_those_that_a_chosen_run_changed_with_every_runs_own_value(filled: Store) -> None:
    alone = scores_of(filled, TRANSFER)[0]
    assert alone.settings == {"learning_rate": 0.01}
    rows = results.scores("backbone:roberta-base", filled.home.root)
    by_run = {score.run: score.settings for score in rows}
    assert set(rows.settings) == {"epochs", "learning_rate", "limit_train"} and FEW.run_id in by_run
    defaults = {name: ADAPTERS[0].hyperparameters[name] for name in ("epochs", "learning_rate")}
    assert by_run[ADAPTERS[0].run_id] == defaults
    assert by_run[JOINT.run_id]["limit_train"] == 100
    assert {type(settings["learning_rate"]) for settings in by_run.values()} == {float}
    assert {score.shots for score in scores_of(filled, FEW)} == {16}


def test_curves_are_in_order_and_timed(filled: Store) -> None:
    points = list(results.curves(f"id:{UNDER_WAY.run_id}", filled.home.root))
    assert [(point.metric, point.step, point.seconds) for point in points] == [
        ("dev/loss", 5, 2.0), ("dev/loss", 10, 4.0), ("system/cpu", 7, 7.0), ("train/loss", 5, 2.0), ("train/loss", 10, 4.0),
    ]  # fmt: skip
    assert [point.epoch for point in points] == [0.5, 1.0, None, 0.5, 1.0] and points[2].value == 99.5


def test_predictions_are_the_answers_of_the_evidence(filled: Store) -> None:
    rows = list(results.predictions(home=filled.home.root))
    run = filled.find(rows[0].run)
    test = [row for row in rows if row.split == "test"]
    evidence = evidence_of(filled, run, "toy/choice", "test")
    assert {row.split for row in rows} == {"dev", "test"} and len(test) == len(evidence.logits) == 8
    assert [row.row_id for row in test] == [row_id.tobytes().hex() for row_id in evidence.rows["row_id"]]
    accuracy = sum(row.label == row.gold for row in test) / len(test)
    assert accuracy == filled.results([run.id])[run.id]["toy/choice"]["test"]["accuracy"]
    for row in test:
        assert row.label and row.probabilities[row.label] == row.score == max(row.probabilities.values())
        assert row.value is row.gold_value is row.labels is None


def test_runs_have_a_row_each_the_newest_first(filled: Store) -> None:
    rows = list(results.runs(home=filled.home.root))
    assert [row.run for row in rows] == [run.id for run in filled.runs()] and len(rows) == 7
    (under_way,) = results.runs("state:running", filled.home.root)
    assert (under_way.epochs, under_way.seconds, under_way.best_epoch) == (3, 4.0, None)


def test_pandas_has_a_column_for_each_setting(filled: Store) -> None:
    table = results.scores(home=filled.home.root).to_pandas()
    test = table[(table["split"] == "test") & (table["metric"] != "loss")]
    means = test.groupby(["method", "target"])["value"].mean()
    assert means["scalearn", "toy/claim"] == pytest.approx(0.7)
    assert "settings.learning_rate" in table and "settings" not in table
    assert table.groupby("sources").ngroups == 2
    assert results.predictions(home=filled.home.root).to_pandas()["probabilities"].map(len).min() > 1


def test_refusals_are_one_line(filled: Store, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no field 'colour'"):
        results.scores("colour:red", filled.home.root)
    with pytest.raises(UserError, match="no registry"):
        results.runs(home=tmp_path)


def test_lost_evidence_is_named(filled: Store) -> None:
    (kept,) = [row for row in filled.evidence(next(iter(results.predictions(home=filled.home.root))).run) if row.split == "dev"]
    path = filled.home.evidence(kept.run_id, kept.task, kept.split)
    content = path.read_bytes()
    path.unlink()
    try:
        with pytest.raises(UserError, match="is missing; put it back"):
            list(results.predictions(home=filled.home.root))
    finally:
        path.write_bytes(content)
