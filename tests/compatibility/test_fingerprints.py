"""Ids of runs stay what they were: a run that was trained once is found by every later version.

``fingerprints.json`` holds specifications as version 0.1.0 stored them, one per method and one per built-in task, with the
fingerprint, group and names that it gave them. It is never made again: an entry that fails is a changed identity, which needs
a version in ``engine.catalog.versions`` or an alias by migration.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.catalog import versions
from engine.catalog.catalog import BUILT_IN
from engine.catalog.task import OwnData, TaskInfo
from engine.data.cache_entry import definition_of as token_definition_of
from engine.data.templates import TEMPLATES
from engine.runs.definition import definition_of
from engine.runs.spec import RunSpec, headline_of

GOLDEN: dict[str, dict[str, Any]] = json.loads(Path(__file__).with_name("fingerprints.json").read_text(encoding="utf-8"))


def test_every_method_and_every_kind_of_task_is_covered() -> None:
    specs = [RunSpec(**golden["spec"]) for golden in GOLDEN.values()]
    assert {spec.method for spec in specs} == set(BUILT_IN.methods)
    assert {key for spec in specs for key in spec.targets} == set(BUILT_IN.tasks)


@pytest.mark.parametrize("name", GOLDEN)
def test_a_run_keeps_its_identity(name: str) -> None:
    golden = GOLDEN[name]
    spec = RunSpec(**golden["spec"])
    actual = {"run_id": spec.run_id, "fingerprint": spec.fingerprint, "group_id": spec.group_id, "target": spec.target}
    actual |= {"benchmark": spec.benchmark, "headline": headline_of(spec.definitions)}
    assert actual == {field: value for field, value in golden.items() if field != "spec"}


@pytest.mark.parametrize("name", GOLDEN)
def test_a_specification_is_stored_as_it_was(name: str) -> None:
    stored = RunSpec(**GOLDEN[name]["spec"]).model_dump(mode="json")
    assert stored == GOLDEN[name]["spec"]


def test_every_template_has_a_version() -> None:
    assert versions.TEMPLATE_VERSIONS.keys() == TEMPLATES.keys()


def test_a_changed_template_is_another_run_and_other_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    wic, rte = (RunSpec(**GOLDEN[f"adapter on {key}"]["spec"]) for key in ("superglue/wic", "glue/rte"))
    before = [wic.fingerprint, rte.fingerprint, wic.group_id], token_definition_of(BUILT_IN.tasks["superglue/wic"])
    monkeypatch.setitem(versions.TEMPLATE_VERSIONS, "wic", 2)
    after = [wic.fingerprint, rte.fingerprint, wic.group_id], token_definition_of(BUILT_IN.tasks["superglue/wic"])
    assert [old == new for old, new in zip(before[0], after[0], strict=True)] == [False, True, False]
    assert before[1] != after[1]


def test_another_tokenization_is_another_run(monkeypatch: pytest.MonkeyPatch) -> None:
    spec, task = RunSpec(**GOLDEN["adapter"]["spec"]), BUILT_IN.tasks["glue/rte"]
    before = spec.fingerprint, token_definition_of(task)
    monkeypatch.setattr(versions, "TOKENIZATION_VERSION", 2)
    assert spec.fingerprint != before[0] and token_definition_of(task) != before[1]


def test_own_rows_read_otherwise_are_another_run(monkeypatch: pytest.MonkeyPatch) -> None:
    rte, own = RunSpec(**GOLDEN["adapter"]["spec"]), own_run(MOOD, "loss")
    before = rte.fingerprint, own.fingerprint, own.group_id, token_definition_of(MOOD)
    monkeypatch.setattr(versions, "OWN_ROWS_VERSION", 2)
    after = rte.fingerprint, own.fingerprint, own.group_id, token_definition_of(MOOD)
    assert [old == new for old, new in zip(before, after, strict=True)] == [True, False, False, False]


def test_another_version_of_a_package_is_another_run_of_its_method() -> None:
    golden, packages = GOLDEN["adapter"], (None, "tiny-pack 1.0", "tiny-pack 1.1")
    specs = [RunSpec(**{**golden["spec"], "distribution": package}) for package in packages]
    assert len({spec.fingerprint for spec in specs}) == len({spec.group_id for spec in specs}) == 3
    assert specs[0].fingerprint == golden["fingerprint"]
    assert all(RunSpec(**spec.model_dump(mode="json")) == spec for spec in specs)


def test_labels_that_are_fractions_are_read_in_a_second_way() -> None:
    """The first took the cell ``1`` for the id of the second label."""
    assert versions.versions_of(MOOD) == versions.versions_of(replace(MOOD, labels=("-1", "0", "1"))) == {}
    assert versions.versions_of(replace(MOOD, labels=("1.0", "2.0"))) == {"own_rows_version": 2}


MOOD = TaskInfo(
    "shop", "mood", "Mood", "classification", "plain", ("text",), ("accuracy",), labels=("a", "b"),
    data=OwnData((("train", "/data/train.csv"),), "{review}"),
)  # fmt: skip


def own_run(task: TaskInfo, select_by: str) -> RunSpec:
    from engine.runs.spec import own_records

    golden = GOLDEN["adapter"]["spec"]
    settings = {**golden["hyperparameters"], "select_by": select_by}
    fields = {"targets": (task.key,), "data": {task.key: "d"}, "own": own_records([task]), "hyperparameters": settings}
    return RunSpec(**{**golden, **fields})


def test_metrics_of_an_own_task_are_not_part_of_its_runs_identity() -> None:
    task = MOOD
    more, other = replace(task, metrics=("accuracy", "macro_f1")), replace(task, metrics=("macro_f1", "accuracy"))
    assert own_run(task, "loss").fingerprint == own_run(more, "loss").fingerprint == own_run(other, "loss").fingerprint
    assert own_run(task, "metric").fingerprint == own_run(more, "metric").fingerprint != own_run(other, "metric").fingerprint
    assert own_run(task, "loss").fingerprint != own_run(replace(task, max_length=64), "loss").fingerprint
    assert definition_of(task)["headline"] == "accuracy"
