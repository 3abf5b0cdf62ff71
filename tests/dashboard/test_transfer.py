"""What runs take from their sources: the numbers of ``scalearn figure``, a cursor over them, and why there are none."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from statistics import fmean, stdev
from typing import Any

import numpy as np
import pytest

from engine.catalog.catalog import BUILT_IN
from engine.files.source_weights import SourceWeights, write_source_weights
from engine.registry.records import Checkpoint, RunState
from engine.registry.store import Store
from engine.runs.spec import RunSpec
from scalearn_tui.cli.app import main
from scalearn_tui.dashboard.app import Dashboard
from scalearn_tui.dashboard.model.transfer import Cell, TransferMap, source_names
from scalearn_tui.dashboard.screens.runs import RunsScreen
from scalearn_tui.dashboard.screens.transfer import TransferScreen
from scalearn_tui.dashboard.transferred import TransferReader
from scalearn_tui.dashboard.widgets.grid import Grid
from scalearn_tui.dashboard.widgets.heat_map import FORMATS, HeatMap, layout_of
from scalearn_tui.dashboard.widgets.ramps import UNSIGNED, cell_style, tenth
from tests.reports.figures.test_sources import SEEDS, TASKS, attention, scales, soup, sources_of, weighed, write_weights
from tests.reports.rows import complete, queue, spec, start

TARGET = TASKS[2]
READ = Callable[..., Any]


@pytest.fixture
def adapters(store: Store) -> list[RunSpec]:
    return sources_of(store)


@pytest.fixture
def scaled(store: Store, adapters: list[RunSpec]) -> list[str]:
    """ScaLearn of two seeds; their ids."""
    runs = [spec("scalearn", TARGET, seed, adapters) for seed in SEEDS]
    for run in runs:
        weighed(store, run, scales(run.seed))
    return [run.run_id for run in runs]


@pytest.fixture
def look(until) -> READ:
    """Mark the runs in the list, press 7, and wait until they are read."""

    async def chosen(app: Dashboard, pilot: Any, *run_ids: str) -> TransferScreen:
        grid = app.screen.query_one(Grid)
        grid.unmark()
        for run_id in run_ids:
            await pilot.press("home", *["down"] * grid._lines.find(run_id), "space")
        await pilot.press("7")
        await until(pilot, lambda: isinstance(app.screen, TransferScreen) and app.screen._read is not None)
        await pilot.pause()
        return app.screen

    return chosen


@pytest.fixture
def printed(home, monkeypatch, capsys) -> Callable[[str], Any]:
    """What a command of the screen prints as JSON."""
    monkeypatch.setenv("SCALEARN_HOME", str(home.root))

    def run(command: str) -> Any:
        assert main([*shlex.split(command)[1:], "--format", "json"]) == 0
        return json.loads(capsys.readouterr().out)

    return run


def values(shown: TransferMap) -> list[list[float | None]]:
    return [[cell and cell.value for cell in row] for row in shown.cells]


def cell_text(screen: TransferScreen) -> str:
    return str(screen.query_one("#transfer-cell").content)


async def test_scales_are_those_of_the_figure(scaled, dashboard, look, printed, monkeypatch) -> None:
    async with dashboard() as (app, pilot):
        screen = await look(app, pilot, *scaled)
        copied: list[str] = []
        monkeypatch.setattr(app, "copy_to_clipboard", copied.append)
        await pilot.press("y")
        mean = screen.query_one(HeatMap).shown
        await pilot.press("m")
        std = screen.query_one(HeatMap).shown
        await pilot.press("m")
        assert screen.query_one(HeatMap).shown == mean
    drawn = printed(copied[0])["maps"]
    for shown, of in zip((mean, std), drawn, strict=True):
        assert np.allclose(values(shown), of["values"]) and [[*shown.rows], [*shown.columns]] == [of["rows"], of["columns"]]
    assert mean.start == pytest.approx(drawn[0]["mark"]) == pytest.approx(2 / 3)


async def test_attention_is_that_of_the_figure_with_sources_as_rows(store, adapters, dashboard, look, printed) -> None:
    runs = [spec("adapterfusion", TARGET, seed, adapters) for seed in SEEDS]
    for run in runs:
        weighed(store, run, attention(run.seed))
    async with dashboard() as (app, pilot):
        screen = await look(app, pilot, *(run.run_id for run in runs))
        shown, command = screen.query_one(HeatMap).shown, screen._taken().command
    (drawn,) = printed(command)["maps"]
    assert np.allclose(np.transpose(values(shown)), drawn["values"])
    assert ([*shown.rows], [*shown.columns]) == (drawn["columns"], drawn["rows"])
    assert np.allclose(shown.sums, 1) and "20 examples of dev" in shown.title


async def test_shares_of_a_soup_are_those_of_the_figure(store, adapters, dashboard, look, printed, screen_text) -> None:
    run = spec("adaptersoup", TARGET, 0, adapters)
    weighed(store, run, soup(TARGET))
    async with dashboard() as (app, pilot):
        screen = await look(app, pilot, run.run_id)
        shown, command = screen.query_one(HeatMap).shown, screen._taken().command
        bars = [line.count("█") for line in screen_text(app).splitlines() if "█" in line]
        await pilot.press("m")
        assert values(screen.query_one(HeatMap).shown) == [[0.2], [0.3], [0.5]]
    (drawn,) = printed(command)["soups"]
    shares = dict(zip(shown.rows, (value for (value,) in values(shown)), strict=True))
    assert shares == dict(zip(drawn["sources"], drawn["weights"], strict=True))
    assert bars == [16, 24, 40]


async def test_probes_have_the_curve_of_the_figure(store, adapters, dashboard, look, printed, screen_text) -> None:
    probes = [spec("probing", TARGET, seed, adapters[:1], omega=omega) for omega in (0.0, 0.5, 1.0) for seed in SEEDS]
    for run in probes:
        complete(store, run, 0.6 + run.hyperparameters["omega"] / 10 + run.seed / 50)
    complete(store, spec("probing", TARGET, 0, adapters[1:2], omega=1.0), 0.9)
    async with dashboard((120, 40)) as (app, pilot):
        screen = await look(app, pilot, probes[0].run_id)
        shown, command = screen.query_one(HeatMap).shown, screen._taken().command
        await pilot.press("end")
        text = screen_text(app)
    (drawn,) = printed(command)["series"]
    assert values(shown) == [[point["y"] for point in drawn["points"]]] and shown.columns == ("0", "0.5", "1")
    last = drawn["points"][-1]
    assert f"RTE, omega 1: 71.00 (2); 95% t interval {last['low']:.2f} to {last['high']:.2f}" in text
    assert "test accuracy" in text and "⣀" in text, "the curve"


async def test_pairs_of_probes_have_the_grid_of_the_figure(store, adapters, dashboard, look, printed) -> None:
    pairs = [(0.0, 0.0), (0.0, 1.0), (1.0, 0.0)]
    runs = [spec("probing-pair", TARGET, 0, adapters[:2], omega_first=x, omega_second=y) for x, y in pairs]
    for run, (x, y) in zip(runs, pairs, strict=True):
        complete(store, run, 0.5 + x / 10 - y / 20)
    async with dashboard() as (app, pilot):
        screen = await look(app, pilot, runs[0].run_id)
        shown, command = screen.query_one(HeatMap).shown, screen._taken().command
        await pilot.press("right")
        assert cell_text(screen) == "omega of CoLA 1, omega of RTE 1: no run"
    drawn = printed(command)["map"]
    assert values(shown) == drawn["values"] and None in drawn["values"][0]


async def test_the_cursor_tells_mean_and_deviation_over_seeds(scaled, dashboard, look, until) -> None:
    async with dashboard() as (app, pilot):
        screen = await look(app, pilot, *scaled)
        await pilot.press("down", "right", "right", "right", "left")
        await until(pilot, lambda: cell_text(screen).startswith("cola, layer 2"))
        of_seeds = [scales(seed) for seed in SEEDS]
        seen = [of["mean"][1][1] for of in of_seeds]
        within = f"dimensions ± {fmean(of['std'][1][1] for of in of_seeds):.2f}, {min(seen) - 0.2:.2f} to {max(seen) + 0.2:.2f}"
        first, second = cell_text(screen).splitlines()
        assert first == f"cola, layer 2: {fmean(seen):.3f} ± {stdev(seen):.3f} (2); {within}"
        layer = [fmean(of["mean"][1][source] for of in of_seeds) for source in range(3)]
        source = [fmean(of["mean"][layer][1] for of in of_seeds) for layer in range(3)]
        assert second == f"cola: mean {fmean(source):.3f}; layer 2: sum {sum(layer):.3f}"
        await pilot.press("home", "up", "up", "k", "h")
        assert (screen.query_one(HeatMap).row, screen.query_one(HeatMap).column) == (0, 0)
        await pilot.click(HeatMap, offset=(40, 5))
        assert (screen.query_one(HeatMap).row, screen.query_one(HeatMap).column) == (1, 2)


async def test_one_run_is_shown_by_itself(scaled, dashboard, look) -> None:
    async with dashboard() as (app, pilot):
        screen = await look(app, pilot, scaled[1])
        shown = screen.query_one(HeatMap).shown
        assert np.allclose(np.transpose(values(shown)), scales(1)["mean"])
        assert {cell.deviation for row in shown.cells for cell in row} == {None} and "±" not in cell_text(screen).partition(
            ";"
        )[0]
        await pilot.press("q")
        assert isinstance(app.screen, RunsScreen)


async def test_groups_one_after_another(store, scaled, adapters, dashboard, look, screen_text, notices, until) -> None:
    other = spec("scalearn++", TARGET, 0, adapters)
    weighed(store, other, scales(0, layers=1))
    async with dashboard() as (app, pilot):
        await look(app, pilot, *scaled)
        await pilot.press("b")
        await until(pilot, lambda: "this is one group" in notices(app))
        await pilot.press("q")
        screen = await look(app, pilot, *scaled, other.run_id)
        assert "A ScaLearn (2) on glue/sst2" in screen_text(app) and "3 runs, 2 groups" in screen_text(app)
        await pilot.press("b")
        assert "B ScaLearn++ on glue/sst2" in screen_text(app) and "all layers" in cell_text(screen)
        await pilot.press("b")
        assert "A ScaLearn (2)" in screen_text(app)


async def test_scales_follow_a_run_that_trains(store, scaled, adapters, dashboard, look, screen_text, until) -> None:
    run = spec("scalearn", TARGET, 7, adapters)
    attempt = start(store, run)
    async with dashboard((140, 30)) as (app, pilot):
        screen = await look(app, pilot, run.run_id)
        assert "running; weights are written after each epoch" in screen_text(app)
        write_weights(store, run, scales(1))
        (taken,) = TransferReader(store, BUILT_IN, [run.run_id]).read()
        assert taken.maps == (), "of a checkpoint that is not known, the epoch is not known either"
        for epoch in (1, 2):
            write_weights(store, run, scales(epoch))
            store.checkpointed(run.run_id, attempt, Checkpoint(run.run_id, "best", 10 * epoch, epoch, "c", 1))
            store.progress(run.run_id, attempt, [], epoch=epoch)
            await until(pilot, lambda epoch=epoch: f"running; the weights are those of epoch {epoch}" in screen_text(app))
            assert np.allclose(np.transpose(values(screen.query_one(HeatMap).shown)), scales(epoch)["mean"])
        assert screen._taken().command == ""
        await pilot.press("q")
        screen = await look(app, pilot, run.run_id, *scaled)
        # Only completed runs are in figures.
        assert run.run_id not in screen._taken().command and scaled[0] in screen._taken().command


async def test_without_numbers_the_reason_stands_there(store, adapters, dashboard, look, screen_text, notices) -> None:
    waiting, tuned = spec("scalearn", TARGET, 0, adapters), spec("scalearn++", TARGET, 0, adapters)
    queue(store, waiting)
    tuned = tuned.model_copy(update={"dev_only": True})
    complete(store, tuned, 0.7)
    for run, reason in (
        (adapters[0], "Adapter learns nothing from source adapters. Methods that do: AdapterFusion, ScaLearn,"),
        (waiting, f"{waiting.run_id[:7]}: queued; weights are written after each epoch that is the best so far"),
        (tuned, f"{tuned.run_id[:7]}: evaluated on dev alone, as runs of tuning are; such runs keep no weights"),
    ):
        async with dashboard((140, 30)) as (app, pilot):
            screen = await look(app, pilot, run.run_id)
            assert reason in screen_text(app) and screen.query_one(HeatMap).shown is None
            await pilot.press("y", "m", "down")
            assert "there are no numbers" in notices(app)


async def test_lost_weights_are_named_with_the_command_that_makes_up_for_them(
    store, scaled, adapters, dashboard, look, until, screen_text
) -> None:
    path = store.home.source_weights(scaled[1])
    content = path.read_text()
    path.write_text(content.replace('"checkpoint": "c"', '"checkpoint": "c", "more": 1'))
    async with dashboard((140, 30)) as (app, pilot):
        screen = await look(app, pilot, *scaled)
        assert "ScaLearn (2)" in screen_text(app)
        assert f"{scaled[1][:7]}: kept no weights; `scalearn figure scales id:{scaled[1]}` reads them" in screen_text(app)
        assert np.allclose(np.transpose(values(screen.query_one(HeatMap).shown)), scales(0)["mean"])
        path.write_text(content)
        await pilot.press("r")
        await until(pilot, lambda: "kept no weights" not in screen_text(app))
        assert screen.query_one(HeatMap).shown.cells[0][0].seeds == 2


async def test_a_run_that_completes_meanwhile_comes_in(store, scaled, adapters, dashboard, look, until, screen_text) -> None:
    run = spec("scalearn", TARGET, 2, adapters)
    attempt = start(store, run)
    async with dashboard((140, 30)) as (app, pilot):
        screen = await look(app, pilot, *scaled, run.run_id)
        assert f"{run.run_id[:7]}: running; weights are written" in screen_text(app)
        assert screen.query_one(HeatMap).shown.cells[0][0].seeds == 2
        await pilot.press("down", "right")
        store.finish(run.run_id, attempt, RunState.COMPLETED, results={})
        content = json.loads(store.home.source_weights(scaled[0]).read_text())
        write_source_weights(
            store.home.source_weights(run.run_id),
            SourceWeights.model_validate(content | {"run": run.fingerprint, "weights": scales(2)}),
        )
        app.services.poller.look()
        await until(pilot, lambda: screen.query_one(HeatMap).shown.cells[0][0].seeds == 3)
        assert "running" not in screen_text(app) and cell_text(screen).startswith("cola, layer 2")


async def test_deleted_runs_leave_the_numbers(store, scaled, dashboard, look, until, screen_text) -> None:
    async with dashboard((140, 30)) as (app, pilot):
        screen = await look(app, pilot, *scaled)
        store.delete([scaled[0]])
        await until(pilot, lambda: f"{scaled[0][:7]} deleted meanwhile" in screen_text(app))
        await until(pilot, lambda: screen.query_one(HeatMap).shown.cells[0][0].seeds == 1)
        store.delete([scaled[1]])
        await until(pilot, lambda: "Nothing to show yet" in screen_text(app))


async def test_nothing_was_chosen(dashboard, until, screen_text) -> None:
    async with dashboard((60, 20)) as (app, pilot):
        await pilot.press("7")
        await until(pilot, lambda: "Nothing to show yet" in screen_text(app))
        await pilot.press("down", "m", "b", "y", "r")
        assert app.screen.query_one(HeatMap).shown is None


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (200, 50)])
async def test_many_layers_and_sources_at_every_size(store, home, size, look, until, screen_text) -> None:
    keys = [task for task in BUILT_IN.tasks if task.startswith(("glue/", "superglue/"))]
    run = spec("scalearn", TARGET, 0, [complete(store, spec("adapter", task), 0.7) for task in keys])
    weighed(store, run, scales(0, layers=24, sources=len(keys)))
    app = Dashboard(home, launch=lambda _: None, ascii_only=True)
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: app.services.is_read)
        screen = await look(app, pilot, run.run_id)
        await pilot.press("end", *["down"] * len(keys))
        await until(pilot, lambda: cell_text(screen).startswith(f"{source_names(keys)[-1]}, layer 24"))
        await pilot.pause()
        text, last = screen_text(app), scales(0, 24, len(keys))["mean"][-1][-1]
        assert f"layer 24: {last:.3f}" in text and "y copies: scalearn figure scales" in text
        (line,) = (line for line in text.splitlines() if line.lstrip().startswith(f"{source_names(keys)[-1]} "))
        heat_map = screen.query_one(HeatMap)
        shown, layout = heat_map.shown, layout_of(heat_map.shown, heat_map.size.width)
        digits = layout.format(last) if layout.format else str(tenth(shown, last))
        assert line.replace("[", " ").replace("]", " ").split()[layout.count] == digits
        assert text.isascii()


def test_names_of_sources_are_told_apart() -> None:
    assert source_names(["glue/rte", "glue/cola", "superglue/rte"]) == ("glue/rte", "cola", "superglue/rte")


def test_numbers_are_as_long_as_fits() -> None:
    cells = tuple(tuple(Cell(0.25 * row - 0.5) for _ in range(12)) for row in range(4))
    shown = TransferMap("scales", "", "layer", ("rte", "cola", "sst2", "wic"), ("1",) * 12, cells, -0.5, 0.5, None, True)
    formats = {width: layout_of(shown, width).format for width in (200, 80, 60, 30, 20)}
    texts = {width: form(-0.25) if form else "" for width, form in formats.items()}
    assert texts == {200: "-0.25", 80: "-0.25", 60: "-.2", 30: "", 20: ""}
    assert [form(50.0) for form in FORMATS] == ["50.00", "50.00", "50.0"] and [form(0.5) for form in FORMATS] == [
        "0.50",
        ".50",
        ".5",
    ]
    assert layout_of(shown, 200).mean and not layout_of(shown, 20).mean
    assert layout_of(shown, 30).count == 12 and layout_of(shown, 20).count == 7


def test_colours_are_in_order_for_every_eye_and_can_be_read_on() -> None:
    grey = [0.299 * int(hue[:2], 16) + 0.587 * int(hue[2:4], 16) + 0.114 * int(hue[4:], 16) for hue in UNSIGNED]
    assert grey == sorted(grey)
    shown = TransferMap("", "", "", ("a",), ("b",), ((Cell(0.0),),), 0.0, 1.0)
    looks = [cell_style(shown, place / 10) for place in range(11)]
    for look in looks:
        behind = sum(look.bgcolor.get_truecolor()) / 3
        assert abs(look.color.get_truecolor().red - behind) > 90
