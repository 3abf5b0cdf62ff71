"""The detail pane and the full screens of one run."""

from __future__ import annotations

from collections.abc import Sequence

from textual.events import Key

from engine.catalog.catalog import BUILT_IN
from engine.registry.records import Checkpoint, Metric, Run, RunState, Source
from engine.runs.deviations import deviations
from scalearn_tui.dashboard.detail import DetailReader
from scalearn_tui.dashboard.model.index import RunIndex
from scalearn_tui.dashboard.widgets.chart import Chart
from scalearn_tui.dashboard.widgets.detail_pane import SETTLE
from scalearn_tui.dashboard.widgets.fact_lines import FactLine
from scalearn_tui.dashboard.widgets.facts import facts
from scalearn_tui.dashboard.widgets.log_view import LogView


async def test_facts_chart_and_log(dashboard, five_runs, store, home, train, write_log, until, screen_text) -> None:
    run = five_runs[4]
    attempt = train(store, run)
    store.checkpointed(run.id, attempt, Checkpoint(run_id=run.id, kind="best", step=40, epoch=4, sha256="0" * 64, bytes=9))
    write_log(home, run, "epoch 1/12  dev loss 0.5\nepoch 2\r 10%\r 50%")
    async with dashboard() as (app, pilot):
        await until(pilot, lambda: " 50%" in screen_text(app))
        text = screen_text(app)
        assert "AdapterFusion · minilm · toy/choice · seed 0" in text
        assert "epoch 4/12" in text and "best kept" in text
        assert "epoch 1/12  dev loss 0.5" in text and "10%" not in text
        chart = app.screen.query_one(Chart)
        await until(pilot, lambda: [one.name for one in chart.series] == ["train", "dev"])
        assert "train 0.025" in screen_text(app) and any("⠀" < character <= "⣿" for character in screen_text(app))
        await pilot.press("m")
        await until(pilot, lambda: "dev accuracy" in screen_text(app))
        assert [one.points.newest[1] for one in chart.series] == [80.0], "metrics are shown times 100"


def plain(lines: Sequence[FactLine]) -> list[str]:
    return ["".join(part if isinstance(part, str) else part[0] for part in line) for line in lines]


def test_the_settings_shown_first_are_those_that_a_leaderboard_names(make_run) -> None:
    spec = make_run(1).parsed.model_copy(update={"shots": 16, "limits": {"dev": 5000, "test": 99}})
    few_shot, gone = Run.of(spec), Run.of(spec.model_copy(update={"method": "gone", "shots": None}))
    for run in (few_shot, gone):
        special = [f"{name} {text}" for name, text in deviations(run.parsed, BUILT_IN).items()]
        shown = plain(facts(run, None, RunIndex(), BUILT_IN, brief=True))[-1]
        assert shown.startswith("  ".join(special)), shown
    brief, whole = (plain(facts(few_shot, None, RunIndex(), BUILT_IN, brief=brief)) for brief in (True, False))
    assert "shots 16  limit test 99  batch_size" in brief[-1]
    assert any("limit dev 5000" in line for line in whole)


async def test_follows_curve_and_log(dashboard, five_runs, store, home, train, write_log, until) -> None:
    run = five_runs[4]
    attempt = train(store, run)
    write_log(home, run, "one\n")
    async with dashboard() as (app, pilot):
        chart, log = app.screen.query_one(Chart), app.screen.query_one(LogView)
        await until(pilot, lambda: chart.series and chart.series[0].points.newest[0] == 39)
        store.progress(
            run.id, attempt, [Metric(run_id=run.id, name="train/loss", step=40, value=0.01, epoch=4, attempt=attempt)]
        )
        write_log(home, run, "two\n")
        await until(pilot, lambda: chart.series[0].points.newest[0] == 40)
        await until(pilot, lambda: log.text_lines == ["one", "two"])
        store.finish(run.id, attempt, RunState.STOPPED, "stopped on request")
        store.requeue([run.id])
        second = store.claim(run.id, "local", "cpu:0")
        store.started(run.id, second)
        point = Metric(run_id=run.id, name="train/loss", step=40, value=0.02, epoch=4, attempt=second)
        store.progress(run.id, second, [point])
        await until(pilot, lambda: chart.series and chart.series[0].points.newest[1] == 0.02)


async def test_sources_and_results(dashboard, store, make_run, train, until, screen_text) -> None:
    sources = [make_run(1, "adapter", "toy/entailment"), make_run(2, "adapter", "toy/sentiment")]
    run = make_run(3, "scalearn++")
    store.add(
        [*sources, run],
        [Source(run_id=run.id, position=n, source_id=source.id, task=source.target) for n, source in enumerate(sources)],
    )
    attempt = train(store, sources[0])
    store.finish(sources[0].id, attempt, RunState.COMPLETED, results={sources[0].target: {"test": {"accuracy": 0.9123}}})
    async with dashboard() as (app, pilot):
        await until(pilot, lambda: "sources ✓ entailment ◷ sentiment" in screen_text(app))
        await pilot.press("end")
        await until(pilot, lambda: "test accuracy 91.23" in screen_text(app))


async def test_full_screens(dashboard, five_runs, home, store, train, write_log, until, screen_text) -> None:
    train(store, five_runs[4])
    write_log(home, five_runs[4], "".join(f"line {number}\n" for number in range(400)))
    async with dashboard((80, 24)) as (app, pilot):
        await pilot.press("enter")
        await until(pilot, lambda: "line 399" in screen_text(app))
        assert "AdapterFusion" in screen_text(app) and "patience" in screen_text(app)
        await pilot.press("l")
        await until(pilot, lambda: "following" in screen_text(app) and "line 399" in screen_text(app))
        log = app.screen.query_one(LogView)
        await pilot.press("g")
        await until(pilot, lambda: "line 0 " in screen_text(app))
        assert not log.following
        write_log(home, five_runs[4], "line 400\n")
        await until(pilot, lambda: "of 401" in log.position)
        assert log.scroll_y == 0, "reading above the end is not disturbed"
        await pilot.press("f")
        await until(pilot, lambda: "line 400" in screen_text(app))
        await pilot.press("q", "q")
        await until(pilot, lambda: app.screen.id == "_default" or "ScaLearn++" in screen_text(app))


async def test_closing_while_reading(dashboard, five_runs, store, train) -> None:
    train(store, five_runs[4])
    async with dashboard((90, 30)) as (app, pilot):
        for _ in range(4):
            await pilot.press("enter", "q", "l", "q")
        await pilot.pause(0.5)
        assert app.is_running and len(app.screen_stack) == 1


async def test_a_joint_run_shows_its_mean_and_every_task(dashboard, store, make_run, until, screen_text) -> None:
    run = make_run(1, "adapter-m", "toy/question", "toy/choice")
    store.add([run], [])
    attempt = store.claim(run.id, "local", "cpu")
    store.started(run.id, attempt, steps=40)
    curves = {"dev/mean": 0.7, "dev/toy/question/accuracy": 0.8, "dev/toy/choice/accuracy": 0.6, "dev/toy/choice/loss": 0.1}
    points = [Metric(run_id=run.id, name=name, step=10, value=at, epoch=1, attempt=attempt) for name, at in curves.items()]
    store.progress(run.id, attempt, points, step=10, epoch=1, loss=0.3, value=0.7, best=0.7, best_epoch=1)
    accuracies = {"toy/question": 0.81, "toy/choice": 0.61}
    results = {task: {"test": {"accuracy": value}} for task, value in accuracies.items()}
    store.finish(run.id, attempt, RunState.COMPLETED, results={**results, "mean": {"test": {"mean": 0.71}}})
    async with dashboard() as (app, pilot):
        await until(pilot, lambda: "test mean 71.00" in screen_text(app))
        text = screen_text(app)
        assert "question 81.00" in text and "choice 61.00" in text
        await pilot.press("m")
        await until(pilot, lambda: "dev mean" in screen_text(app))
        series = app.screen.query_one(Chart).series
        assert {one.name: one.points.newest[1] for one in series} == {"mean": 70.0, "question": 80.0, "choice": 60.0}


async def test_charts_of_the_machine_follow_the_metric(dashboard, five_runs, store, train, until, screen_text) -> None:
    run = five_runs[4]
    attempt = train(store, run)
    loads = {"system/cpu": 90.0, "system/gpu": 70.0, "system/memory": 2.5}
    points = [
        Metric(run_id=run.id, name=name, step=second, value=value, epoch=0, attempt=attempt)
        for name, value in loads.items()
        for second in (5, 10)
    ]
    store.progress(run.id, attempt, points)
    async with dashboard() as (app, pilot):
        await until(pilot, lambda: "train 0.025" in screen_text(app))
        for title in ("dev accuracy", "load, %  • cpu 90", "memory, GiB  • process 2.5", "loss  • train"):
            await pilot.press("m")
            await until(pilot, lambda title=title: title in screen_text(app))


async def test_the_chart_of_the_run_before_stays_until_the_next_is_read(
    dashboard, five_runs, store, train, until, screen_text
) -> None:
    for run in five_runs[3:]:
        train(store, run, steps=40 if run is five_runs[4] else 30)
    async with dashboard() as (app, pilot):
        chart = app.screen.query_one(Chart)
        await until(pilot, lambda: "train 0.025" in screen_text(app))
        seen = set()
        show = chart.show

        def watched(title, series) -> None:
            seen.add((title, len(series)))
            show(title, series)

        chart.show = watched
        chart.focus()
        await pilot.press("plus")
        assert chart.view.window is not None
        app.screen.query_one("#table").focus()
        await pilot.press("down")
        await until(pilot, lambda: "train 0.0333" in screen_text(app))
        assert seen == {("loss", 2)} and chart.view.window is None


async def test_long_curves_are_read_at_full_resolution_where_they_are_zoomed_into(dashboard, store, make_run, until) -> None:
    run = make_run(1)
    store.add([run], [])
    attempt = store.claim(run.id, "local", "cpu")
    store.started(run.id, attempt, steps=5000)
    points = [
        Metric(run_id=run.id, name="train/loss", step=step, value=step % 2, epoch=0, attempt=attempt) for step in range(5000)
    ]
    store.progress(run.id, attempt, points)
    async with dashboard() as (app, pilot):
        chart = app.screen.query_one(Chart)
        await until(pilot, lambda: chart.series)
        assert chart.series[0].points.each == 4
        chart.focus()
        await pilot.press("plus", "plus", "plus", "i")
        await until(pilot, lambda: [one.points.each for one in chart.drawn] == [1])


async def test_a_run_is_read_when_it_changed_and_the_last_of_many_at_once(
    dashboard, five_runs, store, train, until, screen_text, monkeypatch
) -> None:
    attempts = {run.id: train(store, run, steps=10 + number) for number, run in enumerate(five_runs)}
    read: list[str] = []
    original = DetailReader.read
    monkeypatch.setattr(DetailReader, "read", lambda self: read.append(self.run_id) or original(self))
    async with dashboard() as (app, pilot):
        newest, second, *_, oldest = [run.id for run in reversed(five_runs)]
        await until(pilot, lambda: newest in screen_text(app))
        await pilot.pause(SETTLE)
        await pilot.press("down")
        await until(pilot, lambda: second in screen_text(app))
        await pilot.pause(SETTLE)
        await pilot.press("up")
        await until(pilot, lambda: newest in screen_text(app))
        assert read == [newest, second], "what was read before is shown again"
        point = Metric(run_id=newest, name="train/loss", step=20, value=0.125, epoch=4, attempt=attempts[newest])
        store.progress(newest, attempts[newest], [point], step=20)
        await until(pilot, lambda: "train 0.125" in screen_text(app))
        await pilot.pause(2 * SETTLE)
        read.clear()
        for _ in range(4):
            app.post_message(Key("j", "j"))
        await until(pilot, lambda: oldest in screen_text(app))
        assert read == [oldest], "the second is known, and the two between are passed"


async def test_escape_makes_a_full_screen_chart_small_again(dashboard, five_runs, store, train, until) -> None:
    train(store, five_runs[4])
    async with dashboard() as (app, pilot):
        chart = app.screen.query_one(Chart)
        await until(pilot, lambda: chart.series)
        for opened in ((), ("enter",)):
            await pilot.press(*opened)
            chart = app.screen.query_one(Chart)
            await until(pilot, lambda chart=chart: chart.series)
            app.screen.set_focus(chart)
            await pilot.press("f")
            assert app.screen.maximized is chart
            await pilot.press("escape")
            assert app.screen.maximized is None and chart.has_focus
