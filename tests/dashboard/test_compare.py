"""The comparison: facts that differ, curves over seeds, and the command's own tests of what runs answered."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

import pytest

from engine.catalog.catalog import BUILT_IN
from engine.registry.records import Metric, RunState
from engine.registry.store import Store
from engine.runs.spec import RunSpec
from scalearn_tui.cli.app import main
from scalearn_tui.dashboard.model.compare import Fact, shown
from scalearn_tui.dashboard.screens.compare import CompareScreen
from scalearn_tui.dashboard.screens.runs import RunsScreen
from scalearn_tui.dashboard.widgets.chart import Chart
from scalearn_tui.dashboard.widgets.grid import Grid
from scalearn_tui.dashboard.widgets.side_table import SideTable
from tests.reports.answered import answers, examples, keep
from tests.reports.rows import PROVENANCE, complete, spec, start

SST2 = "glue/sst2"
ROWS = examples(BUILT_IN.tasks[SST2], 90)
SKILLS = {"adapter": 1.0, "ia3": 2.2, "lora": 1.6}


def points(run: RunSpec, attempt: int, values: Sequence[float], first: int = 1) -> list[Metric]:
    """A value on dev every ten steps."""
    return [
        Metric(run_id=run.run_id, name="dev/accuracy", step=10 * epoch, value=value, epoch=epoch, attempt=attempt)
        for epoch, value in enumerate(values, first)
    ]


def train(store: Store, method: str, seed: int, values: Sequence[float], **settings: float) -> str:
    """A completed run with a curve and its answers on test; its id."""
    run = spec(method, SST2, seed, backbone="minilm", **settings)
    attempt, task = start(store, run), BUILT_IN.tasks[SST2]
    store.progress(run.run_id, attempt, points(run, attempt, values), step=10 * len(values), epoch=len(values))
    logits = answers(task, ROWS, SKILLS[method], 100 * list(SKILLS).index(method) + seed)
    keep(store, run, attempt, task, "test", ROWS, logits)
    results = {SST2: {"test": {"accuracy": float((logits.argmax(axis=1) == ROWS["label"]).mean())}}}
    store.finish(run.run_id, attempt, RunState.COMPLETED, results=results, provenance=PROVENANCE, best=values[-1], best_epoch=2)
    return run.run_id


@pytest.fixture
def trained(store: Store) -> dict[str, list[str]]:
    """Ids by method: adapters and (IA)^3 of two seeds, of which the second is better on dev."""
    return {
        method: [train(store, method, seed, (0.5 + 0.1 * seed, 0.6 + 0.1 * seed)) for seed in (0, 1)]
        for method in ("adapter", "ia3")
    }


async def compare(app, pilot, until, *lines: object) -> CompareScreen:
    """Mark the lines, press d, and wait until all is there."""
    grid = app.screen.query_one(Grid)
    await pilot.press("home")
    for line in lines:
        await pilot.press("home", *["down"] * grid._lines.find(line), "space")
    await pilot.press("d")
    await shown_all(app, pilot, until)
    return app.screen


async def shown_all(app, pilot, until) -> None:
    await until(pilot, lambda: isinstance(app.screen, CompareScreen) and app.screen._read is not None)
    await until(pilot, lambda: app.screen._tested is not None and app.screen._said != "testing…")
    await pilot.pause()


async def groups(app, pilot, until) -> CompareScreen:
    """Both methods as groups over seeds."""
    await pilot.press("g")
    await pilot.pause()
    grid = app.screen.query_one(Grid)
    return await compare(app, pilot, until, *[grid._lines.key(place) for place in range(len(grid._lines))])


def table(screen: CompareScreen) -> str:
    return screen.query_one(SideTable).render().plain


def names(screen: CompareScreen) -> list[str]:
    return [fact.name for fact in screen.query_one(SideTable)._facts]


async def test_only_what_differs(store, dashboard, until) -> None:
    runs = [train(store, "adapter", 0, (0.6,), epochs=epochs) for epochs in (2, 3)]
    async with dashboard() as (app, pilot):
        screen = await compare(app, pilot, until, *runs)
        assert names(screen) == ["state", "dev accuracy", "test accuracy", "run", "epochs"]
        epochs = next(line for line in table(screen).splitlines() if line.startswith("epochs"))
        assert epochs.split() == ["epochs", "2", "3"]
        assert "A Adapter epochs 2" in table(screen) and "B Adapter epochs 3" in table(screen)
        await pilot.press("u")
        assert {"method", "backbone", "target", "learning_rate", "data", "seed", "commit", "version"} <= set(names(screen))
        await pilot.press("u", "escape")
        assert isinstance(app.screen, RunsScreen)


def test_what_was_not_recorded_is_no_difference() -> None:
    facts = [
        Fact("threads", ("1", "–"), recorded=True), Fact("commit", ("a", "b", "–"), recorded=True),
        Fact("shots", ("32", "–")), Fact("state", ("queued", "queued"), always=True), Fact("method", ("LoRA", "LoRA")),
    ]  # fmt: skip
    assert [fact.name for fact in shown(facts, False)] == ["commit", "shots", "state"]
    assert shown(facts, True) == facts


async def test_groups_have_a_mean_and_a_band(trained, dashboard, until, screen_text) -> None:
    async with dashboard() as (app, pilot):
        screen = await groups(app, pilot, until)
        chart = screen.query_one(Chart)
        assert chart.title == "dev accuracy" and len(chart.series) == 2
        for series in chart.series:
            assert list(series.points.means) == pytest.approx([55, 65]) and series.name.endswith("(2)")
            assert list(series.band.lows) == pytest.approx([50, 60]) and list(series.band.highs) == pytest.approx([60, 70])
        text = screen_text(app)
        assert "• A" in text and "◆ B" in text, "distinguishable without colour"
        assert "seed" not in names(screen)


async def test_the_test_is_that_of_the_command(trained, home, dashboard, until, screen_text, capsys, monkeypatch) -> None:
    monkeypatch.setenv("SCALEARN_HOME", str(home.root))
    async with dashboard((200, 50)) as (app, pilot):
        screen = await groups(app, pilot, until)
        copied: list[str] = []
        monkeypatch.setattr(app, "copy_to_clipboard", copied.append)
        await pilot.press("y")
        text, pairs = screen_text(app), screen._pairs
    (command,) = copied
    assert command in text and [len(side.runs) for side in (pairs[0].first, pairs[0].other)] == [2, 2]
    assert main(shlex.split(command)[1:]) == 0
    _, row, *_ = capsys.readouterr().out.splitlines()
    cells = [cell.strip() for cell in row.split("  ") if cell.strip() not in ("", "–")]
    assert "crossed t" in cells and [cell for cell in cells if cell not in text] == []
    assert "crossed t generalises to new seeds and new examples" in text


async def test_files_are_those_of_the_command(trained, home, dashboard, until, notices, capsys, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("SCALEARN_HOME", str(home.root))
    ours = tmp_path / "ours.txt"
    async with dashboard() as (app, pilot):
        screen = await compare(app, pilot, until, trained["adapter"][0], trained["ia3"][0])
        words = screen._pairs[0].words
        await pilot.press("w")
        app.screen.query_one("#prompt").value = str(ours)
        await pilot.press("enter")
        await until(pilot, lambda: f"wrote {ours}" in notices(app))
    assert main(["compare", *words]) == 0
    printed = capsys.readouterr().out
    assert "McNemar mid-p" in printed and ours.read_text() == printed


async def test_several_are_tested_against_the_first(trained, store, dashboard, until, screen_text) -> None:
    lora = [train(store, "lora", seed, (0.5, 0.6)) for seed in (0, 1)]
    without = complete(store, spec("full-ft", SST2, backbone="minilm"), 0.9).run_id
    async with dashboard((200, 60)) as (app, pilot):
        screen = await compare(app, pilot, until, trained["adapter"][0], trained["ia3"][0], lora[0], without)
        ia3, other, missing = screen._pairs
        assert [pair.letters for pair in screen._pairs] == [("A", "B"), ("A", "C"), ("A", "D")]
        differences = [pair.found.tasks[0].difference for pair in (ia3, other)]
        assert {difference.family for difference in differences} == {2}
        assert all(difference.adjusted >= difference.p for difference in differences)
        assert missing.found is None
        text = " ".join(screen_text(app).split())
        assert "Holm over 2 tests against the first side" in text
        assert f"A - D: run {without} is of a version that kept no answers" in text


async def test_runs_of_tuning_are_tested_on_dev(store, dashboard, until, screen_text) -> None:
    ids = []
    for epochs, skill in ((2, 1.0), (3, 2.2)):
        run = spec("adapter", SST2, backbone="minilm", epochs=epochs).model_copy(update={"dev_only": True})
        attempt, task = start(store, run), BUILT_IN.tasks[SST2]
        keep(store, run, attempt, task, "dev", ROWS, answers(task, ROWS, skill, epochs))
        store.finish(run.run_id, attempt, RunState.COMPLETED, results={SST2: {"dev": {"accuracy": 0.7}}}, best=0.7)
        ids.append(run.run_id)
    async with dashboard((160, 50)) as (app, pilot):
        screen = await compare(app, pilot, until, *ids)
        text = screen_text(app)
        assert "dev: glue/sst2 90" in text and screen._pairs[0].command.endswith("--split dev")
        lines = {line.split("  ")[0]: line.split()[2:] for line in table(screen).splitlines()}
        assert lines["dev accuracy"] == ["70.00", "70.00"] and lines["test accuracy"] == ["–", "–"]


async def test_one_run_is_not_compared(trained, dashboard, until, notices, screen_text) -> None:
    async with dashboard() as (app, pilot):
        await pilot.press("d")
        await until(pilot, lambda: "mark two or more runs or groups with space" in notices(app))
        assert isinstance(app.screen, RunsScreen)
        await pilot.press("6")
        await until(pilot, lambda: "Nothing to compare yet: mark two or more" in screen_text(app))
        await pilot.press("q", "space", "space", "6")
        await shown_all(app, pilot, until)
        assert len(app.screen._read.sides) == 2


async def test_a_group_alone_is_compared_run_by_run(trained, dashboard, until) -> None:
    async with dashboard() as (app, pilot):
        await pilot.press("g", "d")
        await shown_all(app, pilot, until)
        assert [side.name.partition(" ")[2] for side in app.screen._read.sides] == ["seed 0", "seed 1"]
        assert "seed" in names(app.screen)


async def test_live_runs_are_followed_and_tested_when_they_are_done(trained, store, dashboard, until, screen_text) -> None:
    run = spec("lora", SST2, backbone="minilm")
    attempt, task = start(store, run), BUILT_IN.tasks[SST2]
    store.progress(run.run_id, attempt, points(run, attempt, (0.5,)), step=10, epoch=1)
    async with dashboard((160, 50)) as (app, pilot):
        screen = await compare(app, pilot, until, trained["adapter"][0], run.run_id)
        chart = screen.query_one(Chart)
        assert "no evidence of B LoRA: run" in " ".join(screen_text(app).split())
        assert "running, epoch 1/" in table(screen)
        store.progress(run.run_id, attempt, points(run, attempt, (0.75,), 2), step=20, epoch=2)
        app.services.poller.look()
        await until(pilot, lambda: chart.series[1].points.newest == (20, 75))
        keep(store, run, attempt, task, "test", ROWS, answers(task, ROWS, 1.6, 7))
        store.finish(run.run_id, attempt, RunState.COMPLETED, results={SST2: {"test": {"accuracy": 0.8}}})
        app.services.poller.look()
        await until(pilot, lambda: "McNemar mid-p" in screen_text(app))


async def test_deleted_runs_disappear_and_are_named(trained, store, dashboard, until, screen_text) -> None:
    first, second = trained["adapter"]
    other = trained["ia3"][0]
    async with dashboard() as (app, pilot):
        screen = await compare(app, pilot, until, first, second, other)
        store.delete([second])
        app.services.poller.look()
        await until(pilot, lambda: len(screen._read.sides) == 2 and f"{second[:7]} deleted meanwhile" in screen_text(app))
        store.delete([other])
        app.services.poller.look()
        await until(pilot, lambda: "a test needs two sides" in screen_text(app))
        store.delete([first])
        app.services.poller.look()
        await until(pilot, lambda: "Nothing to compare yet" in screen_text(app))


async def test_narrow_terminals_show_some_sides_at_a_time(trained, store, dashboard, until, screen_text) -> None:
    lora = train(store, "lora", 0, (0.5, 0.6))
    async with dashboard((60, 20)) as (app, pilot):
        screen = await compare(app, pilot, until, trained["adapter"][0], trained["ia3"][0], lora)
        assert "A Adapter" in table(screen) and "C LoRA" not in table(screen)
        await pilot.press("right")
        assert "A Adapter" not in table(screen) and "C LoRA" in table(screen)
        assert max(len(line) for line in table(screen).splitlines()) <= 58
        await pilot.press("end")
        await until(pilot, lambda: "scalearn compare" in screen_text(app) and "A is" in screen_text(app))


async def test_the_next_chart_and_sides_of_other_metrics(trained, store, make_run, until, dashboard) -> None:
    store.add([queued := make_run(7, "lora", "toy/sentiment")], [])
    attempt = store.claim(queued.id, "local", "cpu")
    store.started(queued.id, attempt, steps=40)
    loss = [Metric(run_id=queued.id, name="train/loss", step=step, value=1.0, epoch=0, attempt=attempt) for step in range(9)]
    store.progress(queued.id, attempt, loss, step=9, epoch=0)
    async with dashboard() as (app, pilot):
        screen = await compare(app, pilot, until, trained["adapter"][0], queued.id)
        chart = screen.query_one(Chart)
        titles = []
        for _ in range(2):
            titles.append(chart.title)
            await pilot.press("m")
        assert titles == ["dev accuracy", "train loss"] and chart.title == "dev accuracy"
        assert [one.name for one in chart.series] == ["A Adapter"]


def test_the_export_refuses_nothing_to_write(tmp_path: Path) -> None:
    from engine.errors import UserError
    from scalearn_tui.dashboard.screens.compare import _write

    with pytest.raises(UserError, match="cannot write"):
        _write(tmp_path / "missing" / "file.txt", [])
