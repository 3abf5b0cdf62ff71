"""Rows of tuned methods: one for each method whatever was chosen for a task, and what was tried beside it."""

from __future__ import annotations

import json

import pytest

from engine.catalog.catalog import BUILT_IN
from engine.plans.planner import make_plan, submit
from engine.registry.records import Run
from engine.registry.store import Store
from engine.reports.formats.csv import to_csv
from engine.reports.formats.json import to_json
from engine.reports.formats.markdown import to_markdown
from engine.reports.leaderboard import build
from engine.reports.table import Row, Table
from engine.runs.request import Request
from engine.sweeps.advance import advance
from tests.plans.requests import needs_minilm
from tests.sweeps.tuned import FILE, end, planned, rate

pytestmark = needs_minilm
TUNED = "tuned over 3 settings x 2 seeds, chosen on dev"


def dev(run: Run) -> float:
    """Claim is best with another rate than Question."""
    return {1e-4: 0.7, 1e-3: 0.6, 1e-2: 0.5}[rate(run)] if run.target == "toy/claim" else {1e-3: 0.62}.get(rate(run), 0.6)


@pytest.fixture
def tuned(store: Store) -> Store:
    """After a tuned sweep."""
    sweep = planned(store.home)
    store.register(sweep.record())
    submit(sweep.plan, store)
    end(store, dev)
    advance(store.home)
    end(store, dev)
    return store


def table(store: Store) -> Table:
    board = build(store, BUILT_IN)
    assert board.left_out == ()
    (found,) = board.tables
    return found


def names(found: Table) -> list[str]:
    return [row.name for row in found.rows]


def ask(store: Store, **fields: object) -> None:
    """Train what an untuned request asks for."""
    request = Request(**{"methods": ("adapter",), "targets": ("claim",), "backbone": "minilm", "epochs": 1, **fields})
    submit(make_plan(request, store, BUILT_IN), store)
    end(store, dev)


def test_a_tuned_method_has_one_row_though_each_task_has_its_own_setting(tuned: Store) -> None:
    found = table(tuned)
    assert names(found) == [f"Adapter ({TUNED})", f"LoRA ({TUNED})"]
    adapter = found.rows[0]
    assert {key: (cell.seeds, cell.mean) for key, cell in adapter.cells.items()} == {
        "toy/claim": ((0, 1), pytest.approx(60.0)),
        "toy/question": ((0, 1), pytest.approx(52.0)),
    }
    assert found.average(adapter) == pytest.approx(56.0)
    assert found.provenance["tuning"] == [
        "3 settings of Adapter, LoRA on each target, compared on dev with seed 100, 101 (120 steps); the best reported with "
        "fresh seeds 0, 1: `scalearn sweep show tuned`"
    ]
    assert found.provenance["seeds"] == ["0", "1"], "those that tuned are of no result"


def test_exports_say_how_the_settings_were_chosen(tuned: Store) -> None:
    board = build(tuned, BUILT_IN)
    assert f"| Adapter ({TUNED}) |" in to_markdown(board) and f',"{TUNED}",' in to_csv(board)
    tuning = json.loads(to_json(board))["tables"][0]["rows"][0]["tuning"]
    facts = {name: tuning[name] for name in ("sweep", "settings", "seeds", "steps", "chosen_on")}
    assert facts == {"sweep": "tuned", "settings": 3, "seeds": [100, 101], "steps": 60, "chosen_on": "dev"}
    claim = [(tried["setting"], tried["chosen"], round(tried["dev"])) for tried in tuning["tried"]["toy/claim"]]
    assert claim == [("learning_rate=0.0001", True, 70), ("learning_rate=0.001", False, 60), ("learning_rate=0.01", False, 50)]
    assert {len(tried["runs"]) for tried in tuning["tried"]["toy/question"]} == {2}


def test_an_untuned_row_says_so_and_keeps_what_was_also_chosen(tuned: Store) -> None:
    """The toy benchmark's default is what tuning chose for Question, so these runs are in both rows."""
    ask(tuned, seeds=(0, 1))
    found = table(tuned)
    assert names(found) == ["Adapter (paper's settings)", f"Adapter ({TUNED})", f"LoRA ({TUNED})"]
    plain, chosen, _ = found.rows
    assert plain.cells["toy/question"].run_ids == chosen.cells["toy/question"].run_ids
    assert plain.cells["toy/claim"].run_ids != chosen.cells["toy/claim"].run_ids


def test_what_another_sweep_asks_for_untuned_has_a_row_without_tuning_too(tuned: Store) -> None:
    """Though all of its runs were trained because tuning chose them."""
    text = 'name = "plain"\nbenchmark = "toy"\nbackbones = "minilm"\nmethods = "adapter"\ntargets = "claim"\nseeds = [0, 1]\n'
    plain = planned(tuned.home, text + "epochs = 1\n[settings]\nlearning_rate = 1e-4\n")
    assert all(run.done for run in plain.plan.runs)
    tuned.register(plain.record())
    found = table(tuned)
    assert names(found) == ["Adapter (learning_rate=0.0001)", f"Adapter ({TUNED})", f"LoRA ({TUNED})"]


def test_further_seeds_of_the_chosen_setting_are_not_of_the_tuned_row(tuned: Store) -> None:
    ask(tuned, targets=("question",), seeds=(0, 1, 2))
    rows: dict[str, Row] = {row.name: row for row in table(tuned).rows}
    assert rows["Adapter (paper's settings)"].cells["toy/question"].seeds == (0, 1, 2)
    assert rows[f"Adapter ({TUNED})"].cells["toy/question"].seeds == (0, 1)


def test_two_tuned_sweeps_have_rows_of_their_own(tuned: Store) -> None:
    text = FILE.replace("tuned", "again").replace("[100, 101]", "[102]").replace('["adapter", "lora"]', '"lora"')
    sweep = planned(tuned.home, text)
    tuned.register(sweep.record())
    submit(sweep.plan, tuned)
    end(tuned, dev)
    advance(tuned.home)
    end(tuned, dev)
    assert names(table(tuned))[1:] == ["LoRA (tuned over 3 settings x 1 seed, chosen on dev)", f"LoRA ({TUNED})"]
