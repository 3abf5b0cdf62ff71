"""The sweeps: counts as the command has them, the runs of a cell, and what is asked of a sweep."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path

import pytest

from engine.catalog.catalog import BUILT_IN
from engine.plans.planner import submit
from engine.registry.records import RunState, Sweep
from engine.registry.store import Store
from engine.sweeps.cells import Cell
from engine.sweeps.declaration import parse_sweep
from engine.sweeps.planning import plan_sweep
from scalearn_tui.cli.app import main
from scalearn_tui.dashboard.app import Dashboard
from scalearn_tui.dashboard.model.index import RunIndex
from scalearn_tui.dashboard.model.sweeps import KnownSweep, SweepLines, seconds_left
from scalearn_tui.dashboard.screens.action_screen import READ_ONLY
from scalearn_tui.dashboard.screens.confirm import ConfirmScreen
from scalearn_tui.dashboard.screens.runs import RunsScreen
from scalearn_tui.dashboard.screens.sweeps import SweepsScreen
from scalearn_tui.text.sweeps import words
from tests.plans.requests import needs_minilm
from tests.reports.rows import PROVENANCE
from tests.sweeps.tuned import ADAPTER, end, rate

PAPER = """
name = "paper"
backbones = "minilm"
targets = ["toy/question", "toy/choice"]
methods = ["adapter", "lora"]
seeds = [0, 1]
"""
OTHER = PAPER.replace('"paper"', '"other"').replace('["adapter", "lora"]', '"lora"').replace("[0, 1]", "[0]")
pytestmark = needs_minilm


def queue(store: Store, text: str) -> None:
    """Register a sweep and queue all of it, as ``scalearn sweep run`` does."""
    planned = plan_sweep(parse_sweep(text, Path("/paper.toml")), store, BUILT_IN)
    store.register(planned.record())
    submit(planned.plan, store)


def complete(store: Store, most: int = 1000, state: RunState = RunState.COMPLETED) -> None:
    for run in store.ready(limit=most):
        attempt = store.claim(run.id, "local", "cpu")
        store.started(run.id, attempt)
        results = {run.target: {"dev": {run.metric: 0.7}, "test": {run.metric: 0.8}}}
        cause = "out of memory" if state.over else None
        store.finish(run.id, attempt, state, cause, results, provenance=PROVENANCE, seconds=60.0)


@pytest.fixture
def holed(store: Store) -> list[str]:
    """Eight cells: adapters completed but for one that failed, LoRA queued but for one that is missing; ids of the last two."""
    queue(store, PAPER)
    lora = [run.id for run in store.runs(method="lora")]
    store.request_stop(lora)
    complete(store, most=1, state=RunState.FAILED)
    complete(store)
    store.requeue(lora)
    store.delete(lora[:1])
    return [store.runs(states=[RunState.FAILED])[0].id, lora[0]]


async def open_sweeps(app, pilot, until) -> SweepsScreen:
    await pilot.press("3")
    await until(pilot, lambda: isinstance(app.screen, SweepsScreen) and app.screen._read and not app.screen._stale)
    await pilot.pause()
    return app.screen


def counts(screen: SweepsScreen, name: str) -> dict[str, int]:
    return dict(screen._lines.line(name).counts)


async def go_to(pilot, screen: SweepsScreen, row: tuple[str, str], column: str) -> None:
    """From the list into a cell."""
    rows = screen._pane._rows
    await pilot.press("enter", "home", *["down"] * rows.lines.find(row), *["right"] * rows.columns.index(column))
    await pilot.pause()


async def test_without_sweeps_it_says_how_to_make_one(dashboard, until, screen_text) -> None:
    async with dashboard() as (app, pilot):
        await open_sweeps(app, pilot, until)
        assert "scalearn sweep new paper.toml" in screen_text(app) and "scalearn sweep run paper.toml" in screen_text(app)
        await pilot.press("M", "b", "m", "right", "enter")
        await pilot.press("escape", "q")
        await until(pilot, lambda: isinstance(app.screen, RunsScreen))


@pytest.mark.usefixtures("supervised")
async def test_counts_are_those_of_the_command(holed, store, home, dashboard, until, screen_text, capsys, monkeypatch) -> None:
    monkeypatch.setenv("SCALEARN_HOME", str(home.root))
    assert main(["sweep", "show", "paper", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)["sweep"]
    assert main(["sweep", "show", "paper"]) == 0
    printed = capsys.readouterr()
    async with dashboard((120, 40)) as (app, pilot):
        screen = await open_sweeps(app, pilot, until)
        assert counts(screen, "paper") == {state: number for state, number in shown["counts"].items() if number}
        on_screen = [line.split() for line in screen_text(app).splitlines()]
        assert all(line.split() in on_screen for line in printed.out.splitlines())
        assert "paper: 8 cells, ◷ 3 queued, ✓ 3 completed, ✗ 1 failed, · 1 missing" in printed.err
        assert "paper: 8 cells, ◷ 3 queued, ✓ 3 completed, ✗ 1 failed, · 1 missing" in screen_text(app)


async def test_enter_lists_the_runs_of_a_cell(holed, store, dashboard, until, notices) -> None:
    other = OTHER.replace('"lora"', '"adapter"').replace('["toy/question", "toy/choice"]', '"toy/question"')
    queue(store, other.replace("[0]", "[0, 7]"))
    async with dashboard() as (app, pilot):
        screen = await open_sweeps(app, pilot, until)
        await pilot.press("down")
        await until(pilot, lambda: screen._pane.shown.name == "paper")
        await go_to(pilot, screen, ("", "adapter"), "toy/question")
        ids = {cell.run for cell in screen.cells_at_hand()}
        assert len(ids) == 2
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, RunsScreen) and app.services.index.shown() == 2)
        assert {app.services.index.at(place).id for place in range(2)} == ids
        assert app.screen.query_one("#filter").value == "sweep:paper method:adapter target:toy/question"
        await pilot.press("3")
        await until(pilot, lambda: app.screen is screen)
        assert {cell.run for cell in screen.cells_at_hand()} == ids, "the cursor is where it was"


async def test_the_missing_and_failed_are_queued_and_no_others(
    holed, store, dashboard, until, screen_text, notices, woken
) -> None:
    failed, missing = holed
    before = {run.id: run.state for run in store.runs()}
    async with dashboard() as (app, pilot):
        screen = await open_sweeps(app, pilot, until)
        await pilot.press("M")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        await until(
            pilot, lambda: "Queue 2 runs of paper?" in screen_text(app) and "✗ 1 failed, · 1 missing" in screen_text(app)
        )
        await pilot.press("n")
        assert {run.id: run.state for run in store.runs()} == before
        await pilot.press("M")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        await pilot.press("y")
        await until(pilot, lambda: "2 runs of paper are queued" in notices(app))
        assert {run.id: run.state for run in store.runs()} == before | {failed: "queued", missing: "queued"}
        assert store.find(missing).command == "scalearn sweep run paper"
        assert woken
        await until(pilot, lambda: counts(screen, "paper") == {"completed": 3, "queued": 5})
        await pilot.press("M")
        await until(pilot, lambda: "all 8 runs are completed or under way" in notices(app))


async def test_only_what_a_cell_lacks_is_queued(holed, store, dashboard, until, screen_text) -> None:
    failed, missing = holed
    async with dashboard() as (app, pilot):
        screen = await open_sweeps(app, pilot, until)
        cell = next(cell for cell in screen.sweep_at_hand().cells if cell.run == missing)
        await go_to(pilot, screen, ("", "lora"), cell.target)
        await until(pilot, lambda: f"lora · {cell.target}: {words({'queued': 1, 'missing': 1})}" in screen_text(app))
        await pilot.press("M")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        await until(pilot, lambda: "Queue 1 run of paper?" in screen_text(app))
        await pilot.press("y")
        await until(pilot, lambda: counts(screen, "paper").get("missing") is None)
        assert store.find(failed).state is RunState.FAILED and store.find(missing).state is RunState.QUEUED


async def test_a_plan_of_a_sweep_that_changed_is_not_queued(holed, store, dashboard, until, notices) -> None:
    async with dashboard() as (app, pilot):
        await open_sweeps(app, pilot, until)
        await pilot.press("M")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        store.revise_cells("paper", lambda cells: cells[:-1])
        await pilot.press("y")
        await until(pilot, lambda: "paper was changed meanwhile" in notices(app))
        assert len(store.sweep("paper").cells) == 7 and store.find(holed[0]).state is RunState.FAILED


async def test_planning_leaves_the_keys_alone(holed, dashboard, until) -> None:
    async with dashboard() as (app, pilot):
        await open_sweeps(app, pilot, until)
        longest, last = 0.0, time.thread_time()
        await pilot.press("M")
        while not isinstance(app.screen, ConfirmScreen):
            await asyncio.sleep(0.01)
            longest, last = max(longest, time.thread_time() - last), time.thread_time()
        assert longest < 0.3, "seconds of one step of the event loop"


async def test_a_change_elsewhere_is_seen(holed, store, dashboard, until, screen_text) -> None:
    async with dashboard((120, 40)) as (app, pilot):
        screen = await open_sweeps(app, pilot, until)
        complete(store)
        await until(pilot, lambda: counts(screen, "paper") == {"completed": 6, "failed": 1, "missing": 1})
        store.delete([store.runs(method="adapter", states=[RunState.COMPLETED])[0].id])
        await until(pilot, lambda: counts(screen, "paper")["missing"] == 2)
        await until(pilot, lambda: "· 2 missing" in screen_text(app))
        queue(store, OTHER)
        await until(pilot, lambda: len(screen._lines) == 2)
        assert screen.sweep_at_hand().name == "paper", "the cursor stays on its sweep"
        store.forget_sweep("paper")
        await until(pilot, lambda: len(screen._lines) == 1 and screen.sweep_at_hand().name == "other")
        await pilot.press("1")
        store.forget_sweep("other")
        await pilot.press("3")
        await until(pilot, lambda: "No sweeps yet" in screen_text(app))


async def test_a_stop_leaves_what_another_sweep_asks_for(store, dashboard, until, screen_text, notices) -> None:
    queue(store, OTHER)
    queue(store, PAPER)
    shared = {cell["run"] for cell in store.sweep("other").cells}
    async with dashboard() as (app, pilot):
        screen = await open_sweeps(app, pilot, until)
        assert screen.sweep_at_hand().name == "paper"
        await pilot.press("T")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        text = " ".join(screen_text(app).replace("│", " ").split())
        assert "Stop 6 runs of paper?" in text and "2 runs stay, because another sweep asks for them too" in text
        assert all(f"{run_id[:7]} (lora" in text for run_id in shared)
        await pilot.press("y")
        await until(pilot, lambda: "6 runs of paper were asked to stop" in notices(app))
        assert {run.id for run in store.runs(states=[RunState.QUEUED])} == shared and store.sweep("paper").stopped
        await until(pilot, lambda: screen._lines.line("paper").stopped)
        await pilot.press("T")
        await until(pilot, lambda: "2 runs stay" in notices(app))


async def test_a_sweep_is_forgotten_and_its_runs_stay(holed, store, dashboard, until, screen_text) -> None:
    async with dashboard() as (app, pilot):
        await open_sweeps(app, pilot, until)
        await pilot.press("D")
        await until(pilot, lambda: "Forget the sweep paper?" in screen_text(app))
        await pilot.press("y")
        await until(pilot, lambda: "No sweeps yet" in screen_text(app))
        assert store.sweeps() == [] and store.count() == 7


async def test_tuning_is_told_below_the_cells_or_in_their_place(store, dashboard, until, screen_text) -> None:
    queue(store, ADAPTER)
    end(store, rate)
    async with dashboard((120, 40)) as (app, pilot):
        screen = await open_sweeps(app, pilot, until)
        text = screen_text(app)
        assert "learning_rate=0.01" in text and "0.10 learning_rate=0.001, 0.01 learning_rate=0.0001" in text
        rows = [line.split() for line in text.splitlines() if line.startswith(" adapter")]
        assert [row[1] for row in rows][:2] == ["tuning", "reported"]
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: "learning_rate" not in screen_text(app))
        await pilot.press("m", "enter")
        await until(pilot, lambda: "learning_rate=0.01" in screen_text(app))
        await pilot.press("M")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        await until(pilot, lambda: "Queue 2 runs of tuned?" in screen_text(app))
        await pilot.press("n")
        tried = {cell.run for cell in screen.cells_at_hand() if cell.tuning}
        assert len(tried) == 6
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, RunsScreen) and app.services.index.shown() == len(tried))


async def test_where_one_may_only_look_nothing_is_asked(holed, store, home, until, notices) -> None:
    before = {run.id: run.version for run in store.runs()}
    app = Dashboard(home, launch=lambda _: None, read_only=True)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.services.is_read)
        screen = await open_sweeps(app, pilot, until)
        for place, key in enumerate("MTD", start=1):
            await pilot.press(key)
            await until(pilot, lambda number=place: notices(app).count(READ_ONLY) == number)
            assert app.screen is screen
    assert {run.id: run.version for run in store.runs()} == before and store.sweep("paper")


async def test_rows_and_columns_are_any_two_aspects(holed, dashboard, until, screen_text, notices) -> None:
    async with dashboard((120, 40)) as (app, pilot):
        await open_sweeps(app, pilot, until)
        for text in ("seed,method", "seed,metod"):
            await pilot.press("b")
            await until(pilot, lambda: app.screen.query("#prompt"))
            app.screen.query_one("#prompt").value = text
            await pilot.press("enter")
        await until(pilot, lambda: "did you mean method?" in notices(app))
        assert ["seed", "adapter", "lora", "all"] in [line.split() for line in screen_text(app).splitlines()]


async def test_what_fits_is_shown(holed, dashboard, until, screen_text) -> None:
    async with dashboard((60, 20)) as (app, pilot):
        await open_sweeps(app, pilot, until)
        text = screen_text(app)
        assert "◷3 ✓3 ✗1 ·1" in text and "toy/question" in text and "✓1 ✗1" in text


def cell(run: str, method: str, target: str, seed: int = 0) -> Cell:
    return Cell(run, method, target, seed, "", None, "minilm")


def known(name: str, *cells: Cell) -> KnownSweep:
    return KnownSweep(Sweep(name=name, file=f"/{name}.toml", text="", requests=[], cells=[]), list(cells))


def test_terms_mean_the_cells_at_hand_and_nothing_else() -> None:
    lines = SweepLines(RunIndex())
    plain = [cell("a", "adapter", "toy/claim"), cell("b", "adapter", "toy/topics"), cell("c", "lora", "toy/claim", 1)]
    joint = [cell("d", "mtl", "toy/claim+toy/topics"), cell("e", "mtl", "toy/claim")]
    lines.replace([known("paper", *plain), known("joint", *joint), known("two-words", *plain), known("two_words", *plain)])

    def terms(name: str, *chosen: Cell) -> str:
        return lines.terms(lines.get(name), chosen)

    assert terms("paper", *plain) == "sweep:paper"
    assert terms("paper", plain[0]) == "sweep:paper method:adapter target:toy/claim seed:0"
    assert terms("paper", *plain[:2]) == "sweep:paper method:adapter seed:0"
    assert terms("paper", *plain[1:]) == "id:b,c", "no terms hold of these two alone"
    assert terms("joint", joint[1]) == "id:e", "the joint run has this target, too"
    assert terms("two-words", plain[2]) == "id:c", "the names of both sweeps are alike"


def test_time_left(store, make_run, train) -> None:
    from engine.registry.listing import Listing

    runs = [make_run(number, method) for number, method in enumerate(("adapter", "adapter", "lora"))]
    store.add(runs, [])
    assert seconds_left(Listing(store).changes().runs) is None, "none trains"
    attempt = store.claim(runs[0].id, "local", "cpu:0")
    store.started(runs[0].id, attempt)
    assert seconds_left(Listing(store).changes().runs) is None, "nothing tells how long a run takes"
    store.request_stop([runs[0].id])
    store.finish(runs[0].id, attempt, RunState.STOPPED)
    train(store, runs[1])
    assert seconds_left(Listing(store).changes().runs) == 3600 + (75 + 3600), "of one of two, as long as the other"
    store.add([make_run(4, "adapter"), make_run(5, "adapter")], [])
    train(store, make_run(4))
    assert seconds_left(Listing(store).changes().runs) == (2 * 3600 + 2 * (75 + 3600)) / 2, "two at a time"
