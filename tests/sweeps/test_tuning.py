"""Tuning: equally many settings of every method are compared on dev, and only the best is trained with other seeds."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from dataclasses import replace

import pytest

from engine.errors import UserError
from engine.files.home import Home
from engine.plans.planner import submit
from engine.registry.records import Run, RunState
from engine.registry.store import Store
from engine.sweeps.advance import advance, main
from engine.sweeps.cells import Cell, from_records
from engine.sweeps.planning import difference
from engine.sweeps.winners import is_done, searches_of
from tests.plans.requests import needs_minilm
from tests.sweeps.tuned import ADAPTER, FILE, end, planned, rate

pytestmark = needs_minilm


@pytest.fixture
def tuning(store: Store) -> Store:
    """With the registered sweep, whose settings are queued."""
    sweep = planned(store.home, f'tags = "paper"\n{FILE}')
    store.register(sweep.record())
    submit(sweep.plan, store)
    return store


def registered(store: Store) -> list[Cell]:
    sweep = store.sweep("tuned")
    assert sweep
    return from_records(sweep.cells)


def test_every_setting_is_tried_with_the_tuning_seeds_before_any_other_run(home: Home) -> None:
    sweep = planned(home)
    tried = [cell for cell in sweep.cells if cell.tuning]
    assert Counter((cell.method, cell.target) for cell in tried) == {
        (method, f"toy/{task}"): 6 for method in ("adapter", "lora") for task in ("claim", "question")
    }
    assert {(cell.setting, cell.seed) for cell in tried} == {
        (f"learning_rate={value}", seed) for value in ("0.0001", "0.001", "0.01") for seed in (100, 101)
    }
    waiting = [cell for cell in sweep.cells if not cell.tuning]
    assert len(waiting) == 8 and {(cell.run, cell.setting) for cell in waiting} == {("", "best on dev")}
    assert {run.run_id for run in sweep.plan.runs} == {cell.run for cell in tried}
    assert all(run.spec.dev_only and run.request.dev_only for run in sweep.plan.runs)
    assert sweep.later and len(sweep.later.runs) == 8 and not any(run.spec.dev_only for run in sweep.later.runs)


def test_a_run_that_tries_a_setting_is_never_the_one_that_reports_it(home: Home) -> None:
    sweep = planned(home, ADAPTER.replace("[100, 101]", "[100]"))
    for run in sweep.plan.runs:
        reported = run.spec.model_copy(update={"dev_only": False})
        assert reported.fingerprint != run.spec.fingerprint and reported.group_id != run.spec.group_id
        assert "dev_only" not in reported.model_dump() and run.spec.model_dump()["dev_only"]


def test_the_best_mean_on_dev_is_trained_with_fresh_seeds_as_soon_as_all_are_tried(tuning: Store) -> None:
    def dev(run: Run) -> float:
        # The best single run is not of the setting with the best mean, and Claim has another one than Question.
        if run.target == "toy/claim":
            return {1e-4: 0.7, 1e-3: 0.5 if run.seed == 100 else 0.8, 1e-2: 0.6}[rate(run)]
        return {1e-4: 0.5, 1e-3: 0.6, 1e-2: 0.65}[rate(run)]

    last = tuning.runs(method="lora")[0]
    tuning.request_stop([last.id])
    end(tuning, dev)
    advance(tuning.home)
    decided = {(cell.method, cell.target): cell.setting for cell in registered(tuning) if not cell.tuning}
    assert decided == {
        ("adapter", "toy/claim"): "learning_rate=0.0001",
        ("adapter", "toy/question"): "learning_rate=0.01",
        **{("lora", task): "best on dev" for task in {"toy/claim", "toy/question"} & {last.target}},
        **{("lora", task): setting for task, setting in
           {"toy/claim": "learning_rate=0.0001", "toy/question": "learning_rate=0.01"}.items() if task != last.target},
    }  # fmt: skip
    queued = tuning.runs(states=[RunState.QUEUED])
    assert {(run.parsed.dev_only, run.seed) for run in queued} == {(False, 0), (False, 1)} and len(queued) == 6
    assert {run.command for run in queued} == {"scalearn sweep run tuned"}
    version = tuning.version()
    advance(tuning.home)
    assert tuning.version() == version, "nothing new was decided"
    tuning.requeue([last.id])
    end(tuning, dev)
    assert main(["--home", str(tuning.home.root)]) == 0
    end(tuning, dev)
    cells = registered(tuning)
    assert is_done(cells, tuning) and all(cell.run for cell in cells)
    assert tuning.tags().keys() == {cell.run for cell in cells if not cell.tuning}, "of the file, as a command gives them"
    assert len(tuning.runs()) == 24 + 8, "only the chosen settings were trained with other seeds"
    results = tuning.results([cell.run for cell in cells if cell.tuning])
    assert {split for run in results.values() for task in run.values() for split in task} == {"dev"}


def test_ties_go_to_the_earliest_and_what_diverged_is_the_worst(tuning: Store) -> None:
    end(tuning, lambda run: None if (rate(run), run.seed) == (1e-4, 100) else 0.7)
    searches = searches_of(registered(tuning), tuning)
    assert [search.best for search in searches] == [1] * 4
    assert searches[0].trials[0].states == ("diverged", "completed") and searches[0].trials[0].mean is None
    assert searches[0].steps == 25 and searches[0].varied == {"learning_rate"}
    # It is not tried again.
    again = planned(tuning.home).plan
    assert {rate(run.existing) for run in again.runs if run.existing} == {1e-4, 1e-3, 1e-2} and len(again.runs) == 20 + 8


def test_a_search_of_which_all_settings_diverged_reports_nothing(tuning: Store) -> None:
    end(tuning, lambda run: None)
    advance(tuning.home)
    cells = registered(tuning)
    assert not any(cell.run for cell in cells if not cell.tuning) and not is_done(cells, tuning)
    assert all(search.over and search.winner is None for search in searches_of(cells, tuning))


@pytest.mark.parametrize("state", [RunState.FAILED, RunState.LOST, RunState.STOPPED])
def test_a_run_that_ended_otherwise_keeps_the_search_open(state: RunState, tuning: Store) -> None:
    run = tuning.ready(limit=1)[0]
    attempt = tuning.claim(run.id, "local", "cpu")
    assert attempt
    tuning.finish(run.id, attempt, state, "out of memory")
    end(tuning, lambda run: 0.5)
    open_ones = [search for search in searches_of(registered(tuning), tuning) if not search.over]
    assert len(open_ones) == 1 and open_ones[0].best is None
    assert run.id in {planned.run_id for planned in planned(tuning.home).plan.over}


def test_what_was_chosen_stays_though_its_runs_or_those_that_were_compared_are_deleted(tuning: Store) -> None:
    end(tuning, rate)
    advance(tuning.home)
    chosen = registered(tuning)
    tuning.delete([cell.run for cell in chosen if not cell.tuning])
    tuning.delete([cell.run for cell in chosen if cell.tuning and cell.trial == 2])
    advance(tuning.home)
    assert registered(tuning) == chosen and not tuning.runs(states=[RunState.QUEUED])
    assert {search.winner for search in searches_of(chosen, tuning)} == {2}


def test_a_changed_sweep_is_not_overwritten_with_what_was_chosen_before(tuning: Store) -> None:
    before = tuning.sweep("tuned")
    assert before
    edited = planned(tuning.home, FILE.replace("seeds = [0, 1]", "seeds = [0, 1, 2]"))
    tuning.register(edited.record())
    # Whoever read it before revises it as it is now.
    tuning.revise_cells("tuned", lambda cells: [{**cell, "setting": "seen"} for cell in cells])
    tuning.revise_cells("another", lambda cells: [])
    assert [replace(cell, setting="seen") for cell in edited.cells] == registered(tuning)
    found = difference(edited, before)
    assert ({cell.seed for cell in found.added}, found.orphaned, found.kept) == ({2}, [], 32)


def test_in_a_stopped_sweep_nothing_is_chosen_until_it_is_asked_for_again(tuning: Store) -> None:
    end(tuning, rate)
    tuning.stop_sweep("tuned")
    advance(tuning.home)
    assert not tuning.runs(states=[RunState.QUEUED])
    again = planned(tuning.home)
    tuning.register(again.record())
    submit(again.plan, tuning)
    assert not again.record().stopped and len(tuning.runs(states=[RunState.QUEUED])) == 8


def test_the_runs_of_a_choice_are_placed_as_those_that_were_compared(tuning: Store) -> None:
    tuning.prioritise([run.id for run in tuning.runs(states=[RunState.QUEUED])], 7)
    end(tuning, rate)
    advance(tuning.home)
    assert {run.priority for run in tuning.runs(states=[RunState.QUEUED])} == {7}


def test_another_setting_makes_other_cells_of_all_that_it_may_win(tuning: Store) -> None:
    edited = planned(tuning.home, FILE.replace("settings = 3", "settings = 4").replace("1e-2]", "1e-2, 0.1]"))
    found = difference(edited, tuning.sweep("tuned"))
    assert (len(found.added), len(found.orphaned), found.kept) == (8 + 8, 8, 24)


def test_an_exclusion_leaves_out_whole_searches(home: Home) -> None:
    without = '[[exclude]]\nmethods = "lora"\ntargets = "claim"\n[[exclude]]\nmethods = "adapter"\nseeds = 1'
    sweep = planned(home, FILE + without)
    assert Counter((cell.method, cell.target, cell.tuning) for cell in sweep.cells) == {
        ("adapter", "toy/claim", True): 6,
        ("adapter", "toy/claim", False): 1,
        ("adapter", "toy/question", True): 6,
        ("adapter", "toy/question", False): 1,
        ("lora", "toy/question", True): 6,
        ("lora", "toy/question", False): 2,
    }
    with pytest.raises(UserError, match="an exclusion leaves out some of the settings of lora"):
        planned(home, f"{FILE}[[exclude]]\nsettings.lora.learning_rate = 1e-3")


TWICE = "the seed 0 is in seeds and in tune.seeds; what is reported needs fresh seeds"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[100, 101]", "[100, 0]", TWICE),
        ("settings = 3", "settings = 2", "tune.space: adapter has more than 2 different settings; every method tries 2"),
        ("[tune]", "[settings]\nlearning_rate = 1\n[tune]", "tune.space: learning_rate of adapter is in settings too"),
        ("[tune]", "[settings.lora]\nrank = [2, 4]\n[tune]", "settings.lora.rank has several values; what is tried stands in"),
        ("[tune.space]", "[tune.space.pals]\nrank = 4\n[tune.space]", "tune.space.pals is not used: pals is not among the"),
        ("[tune.space]", "[tune.space.lara]\nrank = 4\n[tune.space]", "no method 'lara'"),
        ("[tune.space]", "[tune.space.lora]\npatience = [2, 4]\n[tune.space]", "tune.space: lora has more than 3 different"),
        ("learning_rate = [1e-4, 1e-3, 1e-2]", f"patience = {list(range(1, 1001))}", "asks for 24,000 runs and more"),
    ],
)  # fmt: skip
def test_what_is_unequal_or_unfair_is_one_line_about_the_file(old: str, new: str, message: str, home: Home) -> None:
    many = FILE.replace("settings = 3", "settings = 1000").replace("[100, 101]", "[100, 101, 102, 103]")
    text = many if "1000]" in new else FILE
    assert old in text
    with pytest.raises(UserError, match=rf"^tuned.toml: {re.escape(message)}"):
        planned(home, text.replace(old, new, 1))


def test_sources_keep_the_defaults_and_their_results_on_test(home: Home) -> None:
    text = FILE.replace('["adapter", "lora"]', '"scalearn++"\nsources = ["topics", "choice"]')
    sources = [run for run in planned(home, text).plan.runs if run.role == "source"]
    assert [run.spec.method for run in sources] == ["adapter", "adapter"]
    assert not any(run.spec.dev_only for run in sources)


def test_nothing_is_loaded_that_writes_where_nothing_is_decided(home: Home, store: Store) -> None:
    store.close()
    program = f"import sys; from engine.sweeps.advance import main; main(['--home', {str(home.root)!r}]); print(*sys.modules)"
    loaded = set(subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split())
    assert not loaded & {"sqlalchemy", "torch", "numpy", "engine.plans.planner"}
