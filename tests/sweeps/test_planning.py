"""From a file to cells: products, parts, settings of one method, sets of sources, and what is left out."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from engine.catalog.catalog import BUILT_IN
from engine.errors import UserError
from engine.plans.planner import submit
from engine.plans.several import merged, narrowed
from engine.registry.opening import open_reader
from engine.registry.store import Store
from engine.sweeps.cells import counted, from_records, grid
from engine.sweeps.declaration import parse_sweep
from engine.sweeps.planning import PlannedSweep, difference, plan_sweep
from tests.plans.requests import needs_minilm

pytestmark = needs_minilm
HEAD = 'name = "paper"\nbackbones = "minilm"\n'


def planned(store: Store, text: str) -> PlannedSweep:
    return plan_sweep(parse_sweep(HEAD + text, Path("paper.toml")), open_reader(store.home), BUILT_IN)


def test_every_combination_is_a_cell_and_a_joint_method_has_one_for_all_targets(store: Store) -> None:
    sweep = planned(store, 'benchmark = "toy"\nmethods = ["scalearn++", "pals", "adapter"]\nseeds = [0, 1]')
    assert Counter(cell.method for cell in sweep.cells) == {"scalearn++": 14, "adapter": 14, "pals": 2}
    assert list(dict.fromkeys(cell.method for cell in sweep.cells)) == ["scalearn++", "pals", "adapter"], "as in the file"
    assert {cell.target for cell in sweep.cells if cell.method == "pals"} == {"toy"}
    assert {(cell.setting, cell.shots, cell.backbone) for cell in sweep.cells} == {("", None, "minilm")}
    # The sources with seed 0 are cells too.
    assert len(sweep.plan.runs) == len(sweep.cells) == len({cell.run for cell in sweep.cells})
    assert [len(request.methods) for _, request in sweep.asked] == [3]


def test_settings_of_a_method_are_its_own(store: Store) -> None:
    text = 'targets = "question"\nmethods = ["adapter", "lora"]\n[settings]\nlearning_rate = [1e-4, 1e-3]\n'
    sweep = planned(store, text + "[settings.adapter]\nreduction = [4, 16]\nlearning_rate = 1e-3")
    assert [(cell.method, cell.setting) for cell in sweep.cells] == [
        ("adapter", "reduction=4"),
        ("adapter", "reduction=16"),
        ("lora", "learning_rate=0.0001"),
        ("lora", "learning_rate=0.001"),
    ]


def test_sets_of_sources_shots_and_parts(store: Store) -> None:
    sweep = planned(
        store,
        """
targets = ["toy/question", "toy/topics"]
[[part]]
methods = "scalearn++"
sources = [["question", "topics"], "all-own"]
[[part]]
methods = "adapter"
shots = [4, 16]
targets = "topics"
""",
    )
    assert [(cell.method, cell.target, cell.shots) for cell in sweep.cells if cell.method == "adapter"] == [
        ("adapter", "toy/topics", 4),
        ("adapter", "toy/topics", 16),
    ]
    two_stage = [cell.setting for cell in sweep.cells if cell.method == "scalearn++"]
    assert len(two_stage) == 4 and two_stage[:2] == ["sources=topics,question", "sources=question,topics"]
    assert all(len(setting.split(",")) == 6 for setting in two_stage[2:])
    assert {planned.spec.method for planned in sweep.plan.runs if planned.role == "source"} == {"adapter"}


def test_what_is_excluded_is_no_cell_and_needs_no_source(store: Store) -> None:
    text = 'benchmark = "toy"\nmethods = ["adapter", "scalearn++"]\nseeds = [0, 1]\n'
    alone = (
        '[[exclude]]\nmethods = "scalearn++"\n[[exclude]]\ntargets = ["Toy/claim", "choice"]\nseeds = 1\nbackbones = "minilm"\n'
    )
    sweep = planned(store, text + alone + '[[exclude]]\ntargets = "topics"\nsettings.adapter.reduction = 16')
    left = {(cell.target, cell.seed) for cell in sweep.cells}
    names = ("sentiment", "entailment", "similarity", "question")
    assert left == {(f"toy/{name}", seed) for name in names for seed in (0, 1)} | {("toy/claim", 0), ("toy/choice", 0)}
    assert {run.run_id for run in sweep.plan.runs} == {cell.run for cell in sweep.cells}
    # An excluded run that another needs is trained as its source.
    kept = planned(store, f'{text}[[exclude]]\nmethods = "adapter"')
    assert {run.role for run in kept.plan.runs if run.spec.method == "adapter"} == {"source"}


CLAIM = 'targets = "claim"\n'
GRID = f"patience = {list(range(1, 999))}\nepochs = {list(range(1, 99))}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('methods = "adaptor"', "no method 'adaptor' (did you mean adapter?)"),
        ('methods = "adapter"\nbenchmark = "glue"', "no task 'claim' in glue"),
        ('[[part]]\nmethods = "adapter"\nsources = "topics"', "part 1: adapter learns from its target alone"),
        ('methods = "adapter"\n[settings.lora]\nrank = 4', "settings.lora is not used: lora is not among the methods"),
        ('methods = "adapter"\n[settings.lara]\nrank = 4', "no method 'lara'"),
        ('methods = "adapter"\n[settings]\nrank = 4', "adapter has no setting 'rank'"),
        ('methods = "adapter"\n[[exclude]]\nseeds = 3', "exclude 1: matches none of the runs"),
        ('methods = "adapter"\n[[exclude]]\nsettings.rank = 3', "exclude 1: matches none of the runs"),
        ('methods = "adapter"\n[[exclude]]\nseeds = 0', "every run is excluded"),
        (f'methods = "adapter"\n[settings]\n{GRID}', "asks for 97,804 runs and more; a sweep has at most 20,000"),
    ],
)
def test_what_cannot_be_planned_is_one_line_about_the_file(text: str, message: str, store: Store) -> None:
    with pytest.raises(UserError, match=f"^paper.toml: {re.escape(message)}"):
        planned(store, CLAIM + text)


def test_paths_are_relative_to_the_file(store: Store, tiny_backbone: Path, tmp_path: Path) -> None:
    (tmp_path / "beside").symlink_to(tiny_backbone)
    text = 'name = "a"\ntargets = "claim"\nmethods = "adapter"\nbackbones = "beside"\n'
    found = plan_sweep(parse_sweep(text, tmp_path / "a.toml"), open_reader(store.home), BUILT_IN)
    assert [cell.backbone for cell in found.cells] == [str(tiny_backbone)]
    with pytest.raises(UserError, match=f"{tmp_path}/data is not a folder"):
        plan_sweep(parse_sweep(f'{text}data_dir = "data"', tmp_path / "a.toml"), open_reader(store.home), BUILT_IN)


def test_a_sweep_is_registered_before_any_run_exists(store: Store) -> None:
    sweep = planned(store, 'targets = ["claim", "topics"]\nmethods = "adapter"\nseeds = [0, 1]')
    store.register(sweep.record())
    (read,) = open_reader(store.home).sweeps()
    assert from_records(read.cells) == sweep.cells
    assert (read.name, read.text, read.requests[0]["seeds"]) == ("paper", sweep.declaration.text, [0, 1])
    assert counted(sweep.cells, store.states([cell.run for cell in sweep.cells])) == {"missing": 4}
    submit(narrowed(sweep.plan, lambda run: run.spec.seed == 1), store)
    counts = grid(sweep.cells, ("target", "seed"), store.states([cell.run for cell in sweep.cells]))
    assert counts["toy/claim", "0"] == {"missing": 1} and counts["toy/topics", "1"] == {"queued": 1}


def test_an_edit_adds_and_orphans_cells(store: Store) -> None:
    text = 'targets = "claim"\nmethods = "adapter"\nseeds = {}'
    store.register(planned(store, text.format([0, 1])).record())
    known = store.sweep("paper")
    edited = planned(store, text.format([1, 2, 3]))
    found = difference(edited, known)
    assert ([cell.seed for cell in found.added], [cell.seed for cell in found.orphaned], found.kept) == ([2, 3], [0], 1)
    assert difference(edited, None).added == edited.cells
    store.register(edited.record())
    again = store.sweep("paper")
    assert known and again and again.created_at == known.created_at < again.updated_at and len(again.cells) == 3


def test_a_plan_of_several_requests_has_each_run_once_and_requested_where_any_asks_for_it(store: Store) -> None:
    two_stage = planned(store, 'targets = "question"\nmethods = "scalearn++"\nsources = ["question", "choice"]').plan
    single = planned(store, 'targets = "choice"\nmethods = "adapter"').plan
    for plans in ([two_stage, single], [single, two_stage]):
        plan = merged(plans)
        assert [run.spec.method for run in plan.runs] == ["adapter", "adapter", "scalearn++"]
        assert {run.spec.target: run.role for run in plan.runs[:2]} == {"toy/question": "source", "toy/choice": "target"}
        assert {task.key for task in plan.unread} == {"toy/question", "toy/choice"}
    assert [run.role for run in narrowed(plan, lambda run: bool(run.spec.sources)).runs] == ["source", "source", "target"]
