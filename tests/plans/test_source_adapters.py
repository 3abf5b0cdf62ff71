"""Sources that a request names by their run: resolved, checked, and served without their tasks' rows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.catalog.catalog import BUILT_IN
from engine.errors import UserError
from engine.plans.planner import Plan, make_plan, submit
from engine.registry.records import RunState
from engine.registry.store import Store
from engine.runs.request import Request
from engine.runs.spec import RunSpec
from tests.plans.requests import needs_minilm, request
from tests.registry.rows import run
from tests.reports.rows import complete, queue, spec

pytestmark = needs_minilm


@pytest.fixture
def rte(store: Store) -> RunSpec:
    """A completed adapter of a task whose rows are not on this machine."""
    return complete(store, spec("adapter", "glue/rte", backbone="minilm"), 0.7)


@pytest.fixture
def no_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


def planned(store: Store, *sources: str, **fields: Any) -> Plan:
    return make_plan(request(sources=sources, **fields), store, BUILT_IN)


def test_a_run_is_a_source_without_its_tasks_rows(store: Store, rte: RunSpec, no_rows: None) -> None:
    with pytest.raises(UserError, match="the data of glue/rte"):
        planned(store, "choice", "rte")
    plan = planned(store, "question", rte.run_id[:6], "choice", seeds=(0, 1))
    assert [run.id for run in plan.named_sources] == [rte.run_id]
    assert [edge.task for edge in plan.runs[-1].spec.sources] == ["glue/rte", "toy/choice", "toy/question"]
    assert plan.runs[-1].spec.sources[0].run_id == rte.run_id
    assert [run.spec.target for run in plan.runs if run.role == "source"] == ["toy/choice", "toy/question"]
    ids = submit(plan, store)
    assert [edge.source_id for edge in store.sources(ids[0])] == [edge.run_id for edge in plan.runs[-1].spec.sources]


def test_a_source_that_is_trained_already_needs_no_rows(store: Store, no_rows: None) -> None:
    with pytest.raises(UserError, match="the data of glue/rte"):
        planned(store, "rte", "question")
    offline = Request(methods=("adapter",), targets=("glue/rte",), backbone="minilm")
    task = BUILT_IN.tasks["glue/rte"]
    assert task.data is not None
    done = complete(store, spec("adapter", "glue/rte", backbone="minilm", data=task.data.revision), 0.7)
    plan = planned(store, "rte", "question")
    assert [run.spec.run_id for run in plan.done] == [done.run_id] and len(plan.new) == 2
    assert make_plan(offline, store, BUILT_IN).done
    with pytest.raises(UserError, match="the data of glue/rte"):
        planned(store, "rte", "question", methods=("adaptersoup",))


def test_the_name_of_a_task_takes_precedence_over_an_id_prefix(store: Store, rte: RunSpec) -> None:
    assert not planned(store, "choice", "question").named_sources
    assert planned(store, "@1").named_sources[0].id == rte.run_id


def test_unsuitable_sources_are_refused_with_their_reason(store: Store, rte: RunSpec) -> None:
    waiting = queue(store, spec("adapter", "toy/topics", backbone="minilm", epochs=1))
    lora = complete(store, spec("lora", "toy/topics", backbone="minilm"), 0.5)
    roberta = complete(store, spec("adapter", "toy/topics"), 0.5)
    wide = complete(store, spec("adapter", "toy/topics", backbone="minilm", reduction=8), 0.5)
    own = complete(store, spec("adapter", "toy/question", backbone="minilm"), 0.5)
    refusals = {
        (lora.run_id,): "is a lora run",
        (waiting.id,): f"{waiting.id} \\(toy/topics\\) is queued, not completed",
        (roberta.run_id,): "was trained on roberta-base at .*, not on minilm",
        (wide.run_id, "question"): f"same reduction, these have: {wide.run_id} 8, toy/question 16",
        (rte.run_id, "rte"): "the source glue/rte is named twice",
        ("nothing",): "no task 'nothing' .*; no run 'nothing'",
    }
    for names, why in refusals.items():
        with pytest.raises(UserError, match=why):
            planned(store, *names)
    few = complete(store, spec("adapter", "toy/question", backbone="minilm", shots=16, seed=1), 0.5)
    for run_id, seeds in ((own.run_id, (0,)), (few.run_id, (0,)), (few.run_id, (0, 1))):
        with pytest.raises(UserError, match=f"{run_id} was trained on other examples of toy/question than the 16 of each"):
            planned(store, run_id, shots=16, seeds=seeds)
    with pytest.raises(UserError, match="than the 16 and 4 of each"):
        planned(store, few.run_id, shots=(16, 4), seeds=(1,))
    assert planned(store, few.run_id, shots=16, seeds=(1,)).named_sources


def test_an_ambiguous_id_prefix_is_reported(store: Store) -> None:
    store.add([run(0xAB0000000A), run(0xAB0000000B)], [])
    with pytest.raises(UserError, match="'ab0' is the beginning of several ids: ab0000000"):
        planned(store, "ab0")


def test_adaptersoup_needs_the_texts(store: Store, rte: RunSpec) -> None:
    row = replace(store.find(rte.run_id), id="0123456789", fingerprint="0", target="lab/own")
    store.add([replace(row, state=RunState.QUEUED)], [])
    attempt = store.claim(row.id, "local", "cpu")
    assert attempt and store.finish(row.id, attempt, RunState.COMPLETED)
    with pytest.raises(UserError, match=r"compares the texts .* those of lab/own are not on this machine"):
        planned(store, row.id, "question", methods=("adaptersoup",))
