"""From requests to runs: resolution of names, reuse, validation and submission."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from engine.catalog.catalog import BUILT_IN
from engine.catalog.methods import METHODS
from engine.errors import UserError
from engine.plans.planner import make_plan, submit
from engine.registry.records import RunState
from engine.registry.store import Store, open_store
from engine.runs.request import Request
from engine.runs.spec import RunSpec
from tests.plans.requests import needs_minilm, request

pytestmark = needs_minilm
TOY = [task.key for task in BUILT_IN.benchmarks["toy"].tasks]


def finish(store: Store, run_id: str, state: RunState) -> None:
    attempt = store.claim(run_id, "local", "cpu")
    assert attempt and store.finish(run_id, attempt, state)


def test_a_two_stage_run_is_planned_with_all_its_sources(store: Store) -> None:
    plan = make_plan(request(seeds=(0, 1, 1)), store, BUILT_IN)
    sources, targets = plan.runs[: len(TOY)], plan.runs[len(TOY) :]
    assert {run.spec.target for run in sources} == set(TOY) and {run.role for run in sources} == {"source"}
    assert {(run.spec.method, run.spec.seed) for run in sources} == {("adapter", 0)}
    assert [(run.spec.seed, run.role) for run in targets] == [(0, "target"), (1, "target")]
    edges = targets[0].spec.sources
    assert edges[-1].task == "toy/question" and {edge.task for edge in edges} == set(TOY)
    assert {edge.run_id for edge in edges} == {run.spec.run_id for run in sources}
    assert plan.new == plan.runs and plan.done == plan.active == plan.over == []
    assert plan.notes == []


def test_a_source_that_is_also_requested_is_one_run(store: Store) -> None:
    plan = make_plan(request(methods=("ScaLearn++", "adapter", "scalearnpp"), targets=("question", "topics")), store, BUILT_IN)
    assert [(run.spec.method, run.role) for run in plan.runs].count(("adapter", "target")) == 2
    assert len(plan.runs) == len(TOY) + 2
    assert [bool(run.spec.sources) for run in plan.runs] == sorted(bool(run.spec.sources) for run in plan.runs)


def test_named_sources_are_taken_as_named(store: Store) -> None:
    without = make_plan(request(sources=("topics", "choice")), store, BUILT_IN)
    assert [edge.task for edge in without.runs[-1].spec.sources] == ["toy/topics", "toy/choice"]
    within = make_plan(request(sources=("question", "toy/topics")), store, BUILT_IN)
    assert [edge.task for edge in within.runs[-1].spec.sources] == ["toy/topics", "toy/question"]


def test_sources_are_looked_up_in_the_targets_benchmark_first(store: Store, data_dir: Path) -> None:
    plan = make_plan(request(targets=("superglue/boolq",), sources=("rte", "cola"), data_dir=data_dir), store, BUILT_IN)
    assert [edge.task for edge in plan.runs[-1].spec.sources] == ["superglue/rte", "glue/cola"]


def test_words_stand_for_several_sources(store: Store, data_dir: Path) -> None:
    def chosen(*sources: str, **fields: object) -> list[str]:
        return [edge.task for edge in make_plan(request(sources=sources, **fields), store, BUILT_IN).runs[-1].spec.sources]

    assert chosen("all-own") == [key for key in TOY if key != "toy/question"]
    assert chosen("all-topics") == [key for key in TOY if key not in ("toy/topics", "toy/question")] + ["toy/question"]
    assert chosen("all-question") == chosen("ALL-OWN")
    everything = make_plan(request(sources=("toy",)), store, BUILT_IN)
    assert everything.runs[-1].run_id == make_plan(request(), store, BUILT_IN).runs[-1].run_id
    boolq = {"targets": ("superglue/boolq",), "data_dir": data_dir}
    glue = [task.key for task in BUILT_IN.benchmarks["glue"].tasks]
    assert chosen("GLUE", **boolq) == glue and chosen("glue", "boolq", **boolq) == [*glue, "superglue/boolq"]
    assert "superglue/cb" not in chosen("all-cb", **boolq) and chosen("all-cb", **boolq)[-1] == "superglue/boolq"
    union = chosen("all-own", **boolq, benchmark="gsg")
    assert len(union) == 14 and "superglue/boolq" not in union


def test_a_union_of_benchmarks_shares_the_adapters_of_its_parts(store: Store, data_dir: Path) -> None:
    both = make_plan(request(targets=("boolq",), benchmark="gsg", data_dir=data_dir), store, BUILT_IN)
    alone = make_plan(request(targets=("boolq",), data_dir=data_dir), store, BUILT_IN)
    target = both.runs[-1].spec
    assert len(target.sources) == 15 and (target.target, target.benchmark) == ("superglue/boolq", "superglue")
    assert {edge.task for edge in target.sources} == {task.key for task in BUILT_IN.benchmarks["gsg"].tasks}
    assert target.sources[-1].task == "superglue/boolq" != target.sources[0].task == "glue/mnli"
    shared = {planned.spec.run_id for planned in alone.runs[:-1]} & {planned.spec.run_id for planned in both.runs[:-1]}
    assert len(shared) == 7 and [edge.task for edge in alone.runs[-1].spec.sources].count("superglue/rte") == 1
    assert alone.notes == both.notes == []
    few = make_plan(request(targets=("boolq",), benchmark="gsg", sources=("rte", "cb"), data_dir=data_dir), store, BUILT_IN)
    assert [edge.task for edge in few.runs[-1].spec.sources] == ["glue/rte", "superglue/cb"]
    with pytest.raises(UserError, match=r"superglue/rte is not a task of gsg; leave out --benchmark or name another target"):
        make_plan(request(targets=("superglue/rte",), benchmark="gsg", data_dir=data_dir), store, BUILT_IN)


def test_a_joint_run_over_a_union_is_called_by_its_name(store: Store, data_dir: Path) -> None:
    (planned,) = make_plan(
        request(methods=("adapter-m",), targets=(), benchmark="gsg", data_dir=data_dir), store, BUILT_IN
    ).runs
    assert (planned.spec.target, planned.spec.benchmark, len(planned.spec.targets)) == ("gsg", "glue+superglue", 15)


def test_the_benchmark_of_a_bare_name_is_the_first_that_has_it(store: Store, data_dir: Path) -> None:
    plan = make_plan(request(methods=("adapter",), targets=("rte",), data_dir=data_dir), store, BUILT_IN)
    assert plan.runs[0].spec.target == "glue/rte" and plan.notes == ["rte is glue/rte; write superglue/rte for the other"]


def test_settings_are_for_the_method_and_the_budget_for_its_sources_too(store: Store) -> None:
    plan = make_plan(
        request(settings={"learning_rate": "0.5", "omega_dropout": 0}, epochs=2, limits={"train": 50}), store, BUILT_IN
    )
    source, target = plan.runs[0].spec, plan.runs[-1].spec
    assert (target.hyperparameters["learning_rate"], target.hyperparameters["epochs"], target.limits) == (0.5, 2, {"train": 50})
    usual = METHODS["adapter"].resolve({}, source.target, source.tasks[0].select_by)["learning_rate"]
    assert usual != 0.5 and source.hyperparameters["learning_rate"] == usual
    assert (source.hyperparameters["epochs"], source.limits) == (2, {"train": 50})


def test_settings_with_several_values_are_a_grid_over_the_same_sources(store: Store) -> None:
    grid = {"omega_first": ("0", "0.5"), "omega_second": ("0.5", "1"), "learning_rate": "0.1"}
    plan = make_plan(request(methods=("probing-pair",), sources=("sentiment", "topics"), settings=grid), store, BUILT_IN)
    targets = [run.spec.hyperparameters for run in plan.runs if run.role == "target"]
    omegas = [(settings["omega_first"], settings["omega_second"]) for settings in targets]
    assert omegas == [(0, 0.5), (0, 1), (0.5, 0.5), (0.5, 1)]
    assert {settings["learning_rate"] for settings in targets} == {0.1}
    assert len([run for run in plan.runs if run.role == "source"]) == 2


def test_an_ambiguous_task_is_noted(store: Store, data_dir: Path) -> None:
    def notes(**fields: object) -> list[str]:
        return make_plan(request(methods=("adapter",), data_dir=data_dir, **fields), store, BUILT_IN).notes

    assert notes(targets=("rte",)) == ["rte is glue/rte; write superglue/rte for the other"]
    assert notes(targets=("rte",), benchmark="superglue") == notes(targets=("glue/rte",)) == notes(targets=("cb",)) == []


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"methods": ("scalern",)}, "no method 'scalern'"),
        ({"methods": ()}, "name a method"),
        ({"targets": ()}, "name a task"),
        ({"shots": (4, 0)}, "shots must be at least 1, not 0"),
        ({"methods": ("pals",), "shots": (4,)}, "is a joint method"),
        ({"methods": ("pals",), "sources": ("topics",)}, "learns from its targets alone"),
        ({"targets": ("quest",)}, "no task 'quest'"),
        ({"benchmark": "glue"}, "no task 'question' in glue"),
        ({"benchmark": "supergleu"}, "no benchmark 'supergleu'"),
        ({"targets": ("glue/rte",), "benchmark": "toy"}, "glue/rte is not a task of toy"),
        ({"sources": ("topics", "toy/topics")}, "named twice"),
        ({"sources": ()}, "needs source tasks"),
        ({"methods": ("probing",)}, r"probing takes 1 source\(s\), not 7; name them with --sources"),
        ({"methods": ("probing-pair",), "sources": ("topics",)}, r"probing-pair takes 2 source\(s\), not 1"),
        ({"methods": ("adapter",), "sources": ("topics",)}, "leave out --sources"),
        ({"sources": ("nothing",)}, "no task 'nothing'"),
        ({"sources": ("all-owm",)}, r"no task 'owm' in toy; there are sentiment, .*"),
        ({"sources": ("al-own",)}, r"no benchmark 'al-own' \(did you mean all-own\?\); no run"),
        ({"sources": ("gleu",)}, r"no benchmark 'gleu' \(did you mean glue\?\); no run"),
        ({"sources": ("all-own", "topics")}, "the source toy/topics is named twice"),
        ({"settings": {"reduction": 16}}, "scalearn\\+\\+ has no setting 'reduction'"),
        ({"settings": {"epochs": 0}}, "epochs must lie between"),
        ({"epochs": 0}, "epochs must lie between"),
        ({"epochs": 3, "settings": {"epochs": 3}}, "given twice"),
        ({"seeds": (-1,)}, "a seed must lie"),
        ({"seeds": (99_999_999_999,)}, "a seed must lie"),
        ({"limits": {"validation": 3}}, "--limit takes train, dev, test, not 'validation'"),
        ({"limits": {"train": 0}}, "at least 1"),
        ({"data_dir": Path("/no/such/folder")}, "not a folder"),
        ({"backbone": "robert"}, "no backbone 'robert'"),
    ],
)
def test_errors_are_one_line_and_nothing_is_queued(store: Store, fields: dict[str, object], message: str) -> None:
    with pytest.raises(UserError, match=message) as error:
        make_plan(request(**fields), store, BUILT_IN)
    assert "\n" not in str(error.value)
    assert store.runs() == []


def test_submission_queues_what_is_missing_and_resumes_what_ended(store: Store) -> None:
    plan = make_plan(request(command="scalearn run"), store, BUILT_IN)
    (target,) = submit(plan, store)
    sources = [run.spec.run_id for run in plan.runs[:-1]]
    assert [edge.source_id for edge in store.sources(target)] == [edge.run_id for edge in plan.runs[-1].spec.sources]
    assert RunSpec(**store.find(target).spec) == plan.runs[-1].spec
    stored = store.find(target)
    assert stored.command == "scalearn run" and stored.epochs == plan.runs[-1].spec.hyperparameters["epochs"]
    finish(store, sources[0], RunState.COMPLETED)
    finish(store, sources[1], RunState.LOST)
    assert store.fail_blocked() == [target]
    again = make_plan(request(), store, BUILT_IN)
    assert [len(part) for part in (again.new, again.done, again.active, again.over)] == [0, 1, 5, 2]
    assert submit(again, store) == [target]
    states = [store.find(run_id).state for run_id in (*sources[:2], target)]
    assert states == [RunState.COMPLETED, RunState.QUEUED, RunState.QUEUED]
    assert len(store.runs()) == len(TOY) + 1


def test_equal_submissions_at_once_make_one_set_of_runs(store: Store) -> None:
    plan = make_plan(request(seeds=tuple(range(5))), store, BUILT_IN)
    start = threading.Barrier(4)
    answers: list[list[str]] = []

    def go() -> None:
        mine = open_store(store.home)
        start.wait()
        answers.append(submit(plan, mine))

    threads = [threading.Thread(target=go) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [answers[0]] * 4 and len(store.runs()) == len(TOY) + 5
    assert all(len(store.events(run.id)) == 1 and run.state == RunState.QUEUED for run in store.runs())


def test_paths_do_not_change_a_run_but_contents_do(store: Store, tmp_path: Path, data_dir: Path) -> None:
    def fingerprint(folder: Path) -> str:
        return (
            make_plan(request(methods=("adapter",), targets=("rte",), data_dir=folder), store, BUILT_IN)
            .runs[0]
            .spec.fingerprint
        )

    (tmp_path / "moved").symlink_to(data_dir)
    assert fingerprint(tmp_path / "moved") == fingerprint(data_dir)
    other = tmp_path / "other" / "glue" / "rte"
    other.mkdir(parents=True)
    for split in ("train", "validation"):
        content = (data_dir / "glue" / "rte" / f"{split}.parquet").read_bytes()
        (other / f"{split}.parquet").write_bytes(content + (b"x" if split == "train" else b""))
    assert fingerprint(tmp_path / "other") != fingerprint(data_dir)


def test_a_local_backbone_is_identified_by_its_weights(store: Store, tiny_backbone: Path) -> None:
    spec = make_plan(request(methods=("adapter",), backbone=str(tiny_backbone)), store, BUILT_IN).runs[0].spec
    assert spec.backbone == spec.backbone_path == str(tiny_backbone) and spec.backbone_revision.startswith("sha256:")


@pytest.fixture(scope="module")
def data_dir() -> Path:
    from tests.files.folders import task_data

    return task_data()


def test_a_joint_method_learns_all_its_targets_in_one_run(store: Store) -> None:
    plan = make_plan(request(methods=("pals", "adapter"), targets=("topics", "choice"), seeds=(0, 1)), store, BUILT_IN)
    planned = [(run.spec.method, run.spec.target) for run in plan.runs]
    assert planned == [("pals", "toy/topics+choice")] * 2 + [("adapter", "toy/topics")] * 2 + [("adapter", "toy/choice")] * 2
    joint = plan.runs[0].spec
    assert joint.targets == ("toy/topics", "toy/choice") and set(joint.data) == set(joint.targets)
    assert (joint.hyperparameters["sampling"], joint.hyperparameters["steps_per_epoch"]) == ("annealed", 60)
    assert "sampling" not in plan.runs[-1].spec.hyperparameters
    (first, *_) = submit(plan, store)
    row = store.find(first)
    assert (row.target, row.benchmark, row.metric, row.tasks) == ("toy/topics+choice", "toy", "mean", joint.targets)


def test_a_benchmark_without_targets_means_every_task(store: Store) -> None:
    joint = make_plan(request(methods=("adapter-m",), targets=(), benchmark="toy"), store, BUILT_IN)
    assert [(run.spec.target, list(run.spec.targets)) for run in joint.runs] == [("toy", TOY)]
    alone = make_plan(request(methods=("adapter",), targets=(), benchmark="toy"), store, BUILT_IN)
    assert [run.spec.target for run in alone.runs] == TOY
    other = make_plan(request(methods=("adapter-m",), targets=tuple(reversed(TOY))), store, BUILT_IN)
    assert other.runs[0].spec.target == "toy/claim+question+topics+choice+similarity+entailment+sentiment"
    assert other.runs[0].spec.run_id != joint.runs[0].spec.run_id
    single = make_plan(request(methods=("adapter-m",), targets=("question",)), store, BUILT_IN)
    assert single.runs[0].spec.target == "toy/question" and "learns several tasks" in single.notes[0]


def test_joint_names_list_the_tasks_in_order() -> None:
    assert BUILT_IN.joint_name(["glue/rte"]) == "glue/rte"
    assert BUILT_IN.joint_name(["glue/rte", "glue/mrpc", "superglue/cb", "superglue/rte"]) == "glue/rte+mrpc+superglue/cb+rte"
    assert BUILT_IN.joint_name([task.key for task in BUILT_IN.benchmarks["glue"].tasks]) == "glue"


def test_several_numbers_of_shots_are_runs_that_share_the_other_sources(store: Store) -> None:
    both = make_plan(request(shots=(16, 100, 16), seeds=(0, 1)), store, BUILT_IN)
    targets = [run.spec for run in both.runs if run.role == "target"]
    assert [(spec.shots, spec.seed) for spec in targets] == [(16, 0), (16, 1), (100, 0), (100, 1)]
    assert [spec.hyperparameters["epochs"] for spec in targets] == [1000, 1000, 250, 250]
    alone = [run.run_id for shots in (16, 100) for run in make_plan(request(shots=shots, seeds=(0, 1)), store, BUILT_IN).runs]
    assert {run.run_id for run in both.runs} == set(alone) and len(both.runs) == len(TOY) - 1 + 4 + 4


def test_stored_requests_with_one_number_of_shots_are_read() -> None:
    assert request(shots=None) == request() and request(shots=16) == request(shots=(16,))
    assert Request.model_validate_json(request(shots=(16, 32)).model_dump_json()) == request(shots=(16, 32))


def test_few_shot_runs_draw_by_their_seed_and_so_does_the_targets_own_source(store: Store) -> None:
    plan = make_plan(request(shots=16, seeds=(1, 2)), store, BUILT_IN)
    targets = [run.spec for run in plan.runs if run.role == "target"]
    sources = {run.spec.run_id: run.spec for run in plan.runs if run.role == "source"}
    assert len(sources) == len(TOY) - 1 + 2
    for spec in targets:
        *others, own = (sources[edge.run_id] for edge in spec.sources)
        assert all((source.shots, source.seed, source.limits) == (None, 0, {}) for source in others)
        assert (own.target, own.shots, own.seed, own.limits) == ("toy/question", 16, spec.seed, {"dev": 5000})
        assert all(few_shot.hyperparameters["patience"] == 20 for few_shot in (own, spec))
        assert (spec.hyperparameters["select_by"], spec.hyperparameters["epochs"]) == ("metric", 1000)
    assert targets[0].group_id == targets[1].group_id and targets[0].run_id != targets[1].run_id
    assert targets[0].group_id != make_plan(request(shots=4), store, BUILT_IN).runs[-1].spec.group_id
    assert make_plan(request(shots=100, epochs=7), store, BUILT_IN).runs[-1].spec.hyperparameters["epochs"] == 7
    assert make_plan(request(shots=100), store, BUILT_IN).runs[-1].spec.hyperparameters["epochs"] == 250


@pytest.mark.parametrize(
    ("asked", "steps"),
    [
        ({}, 7_500),
        ({"epochs": 1}, 7_500),
        ({"limits": {"train": 300}}, 75),
        ({"limits": {"train": 300}, "epochs": 2}, 75),
        ({"limits": {"train": 300}, "settings": {"batch_size": 16}}, 150),
        ({"limits": {"train": 300}, "settings": {"steps_per_epoch": 7_500}}, 7_500),
        ({"limits": {"dev": 10}}, 7_500),
    ],
    ids=str,
)
def test_a_small_budget_bounds_the_epochs_of_joint_methods(
    asked: dict[str, Any], steps: int, store: Store, data_dir: Path
) -> None:
    """HyperFormer++ on 300 examples a task planned 7,500 steps an epoch."""
    fields = {"methods": ("hyperformer++",), "targets": (), "benchmark": "glue", "data_dir": data_dir, **asked}
    (planned,) = make_plan(request(**fields), store, BUILT_IN).runs
    assert planned.spec.hyperparameters["steps_per_epoch"] == steps
