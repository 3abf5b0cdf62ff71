"""The queue and its devices: what is shown of real rows, locks and described GPUs, and what keys do to them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from engine.files.disk import try_lock
from engine.files.home import Home
from engine.launch.queue import is_paused, pause
from engine.registry.records import Run, RunState, Source
from engine.registry.store import Store
from scalearn_tui.dashboard.app import Dashboard
from scalearn_tui.dashboard.model.queue import Device, QueueLook, Waits, seconds_left, typical_seconds
from scalearn_tui.dashboard.screens.queue import QueueScreen
from scalearn_tui.dashboard.screens.runs import RunsScreen
from scalearn_tui.dashboard.widgets.device_table import DeviceTable, bar
from scalearn_tui.dashboard.widgets.grid import Grid

OTHERS = 1
"""A process that is none of ours."""


@pytest.fixture(autouse=True)
def describe(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """``describe(gpu, ...)`` says which GPUs there are; none before it is called. The screen looks often."""
    file = tmp_path_factory.mktemp("driver") / "gpus.json"

    def say(*gpus: dict[str, object]) -> None:
        draft = file.with_suffix(".tmp")
        draft.write_text(json.dumps({"gpus": gpus}))
        draft.rename(file)

    say()
    monkeypatch.setenv("SCALEARN_GPUS", str(file))
    monkeypatch.setattr("scalearn_tui.dashboard.screens.queue.INTERVAL", 0.2)
    return say


@pytest.fixture
def graph(store: Store, make_run) -> Sequence[Run]:
    """Three adapters and a run that waits for the third, oldest first."""
    runs = [make_run(1), make_run(2), make_run(3, "adapter", "toy/topics"), make_run(4, "scalearn++", "toy/question")]
    store.add(runs, [Source(runs[3].id, 0, runs[2].id, "toy/topics")])
    return runs


def gpu(letter: str, *processes: int, **facts: object) -> dict[str, object]:
    used = [{"pid": pid, "memory": 60} for pid in processes]
    return {"uuid": f"GPU-{letter}", "name": "NVIDIA H200", "memory": 139, "processes": used, **facts}


@contextmanager
def holding(path: Path, document: dict[str, object]) -> Iterator[None]:
    """Another process that holds a lock, and says in it who it is."""
    fd = try_lock(path)
    assert fd is not None
    os.pwrite(fd, json.dumps(document).encode(), 0)
    yield
    os.close(fd)


async def open_queue(app: Dashboard, pilot, until) -> QueueScreen:
    await pilot.press("4")
    await until(pilot, lambda: isinstance(app.screen, QueueScreen) and app.screen._watch.now)
    await pilot.pause()
    return app.screen


def shown(screen: QueueScreen) -> list[str]:
    """Ids in the order of the lines."""
    grid = screen.query_one(Grid)
    return [str(grid._lines.key(position)) for position in range(len(grid._lines))]


def why(screen: QueueScreen) -> list[tuple[int, str]]:
    return [(line.priority, line.reason) for line in map(screen._lines.__getitem__, range(len(screen._lines))) if line.place]


async def test_an_empty_queue_says_what_to_press(dashboard, until, screen_text) -> None:
    async with dashboard((60, 20)) as (app, pilot):
        await open_queue(app, pilot, until)
        text = screen_text(app)
        assert "Nothing is queued or running" in text and "n  plans and queues runs here" in text
        assert "cpu" in text and "0/1" in text and "%" not in text and "GiB" not in text, "nothing is invented"
        await pilot.press("less_than_sign")
        await pilot.press("q")
        await until(pilot, lambda: isinstance(app.screen, RunsScreen))


async def test_the_order_is_that_in_which_runs_start(dashboard, graph, store, until, screen_text) -> None:
    store.prioritise([graph[3].id], 2)
    async with dashboard() as (app, pilot):
        screen = await open_queue(app, pilot, until)
        assert shown(screen) == [graph[place].id for place in (2, 3, 0, 1)]
        assert why(screen) == [
            (2, "nothing, it starts now"), (2, f"source {graph[2].id}"), (0, "its turn"), (0, "its turn"),
        ]  # fmt: skip
        assert "0 of 1 slot taken, 4 waiting" in screen_text(app)
        await pilot.press("j")
        await until(pilot, lambda: f"waits for source {graph[2].id}" in screen_text(app))


async def test_a_run_that_starts_is_on_its_device(dashboard, graph, store, until, screen_text) -> None:
    async with dashboard() as (app, pilot):
        screen = await open_queue(app, pilot, until)
        attempt = store.claim(graph[1].id, "local", "cpu")
        store.started(graph[1].id, attempt, steps=120)
        store.progress(graph[1].id, attempt, [], step=10, epoch=1, seconds=60.0, seconds_left=660.0)
        await until(pilot, lambda: shown(screen)[0] == graph[1].id and "11:00 left, epoch 1/12" in screen_text(app))
        assert f"{graph[1].id[:7]} Adapter toy/sentiment s0" in screen_text(app).splitlines()[5]
        assert "1 of 1 slot taken, 3 waiting" in screen_text(app)
        await pilot.press("home", "less_than_sign")
        await until(pilot, lambda: any("only queued runs can be moved" in notice.message for notice in app._notifications))
        assert store.find(graph[1].id).priority == 0


async def test_it_is_paused_and_goes_on(dashboard, graph, home, woken, until, screen_text) -> None:
    async with dashboard() as (app, pilot):
        screen = await open_queue(app, pilot, until)
        await pilot.press("p")
        await until(pilot, lambda: is_paused(home) and "paused: nothing starts until p" in screen_text(app))
        await until(pilot, lambda: why(screen)[0] == (0, "the queue is paused"))
        await pilot.press("p")
        await until(pilot, lambda: not is_paused(home) and "paused" not in screen_text(app).splitlines()[2])
        assert woken, "what may start now is started"
        # By another program.
        pause(home)
        await until(pilot, lambda: "paused: nothing starts until p" in screen_text(app))


async def test_a_run_moves_past_its_neighbour(dashboard, graph, store, until, notices) -> None:
    a, b, c, d = (run.id for run in graph)
    async with dashboard() as (app, pilot):
        screen = await open_queue(app, pilot, until)
        await pilot.press("end", "less_than_sign")
        await until(pilot, lambda: shown(screen) == [a, c, d, b])
        assert screen.query_one(Grid).key == d, "its source came with it, and the cursor stays on it"
        await pilot.press("less_than_sign")
        await until(pilot, lambda: shown(screen) == [c, d, a, b])
        assert [run.id for run in store.queued()] == [c, d, a, b]
        await pilot.press("less_than_sign")
        await until(pilot, lambda: "it is first already" in notices(app))
        await pilot.press("home", "greater_than_sign", "greater_than_sign")
        await until(pilot, lambda: shown(screen) == [a, b, c, d])


async def test_marked_runs_move_and_stop_together(dashboard, graph, store, until, screen_text) -> None:
    a, b, c, d = (run.id for run in graph)
    async with dashboard() as (app, pilot):
        screen = await open_queue(app, pilot, until)
        await pilot.press("space", "space", "greater_than_sign")
        await until(pilot, lambda: shown(screen) == [c, a, b, d])
        await pilot.press("T")
        await until(pilot, lambda: "Stop 2 runs?" in screen_text(app))
        await pilot.press("y")
        await until(pilot, lambda: [store.find(run_id).state for run_id in (a, b)] == [RunState.STOPPED] * 2)
        await until(pilot, lambda: shown(screen) == [c, d])
        await pilot.press("space", "escape")
        assert screen.query_one(Grid).marks == () and app.screen is screen
        await pilot.press("end", "u")
        await until(pilot, lambda: isinstance(app.screen, RunsScreen) and app.services.index.shown() == 1)


async def test_a_run_that_has_started_meanwhile_is_not_moved(dashboard, graph, store, until, notices) -> None:
    async with dashboard() as (app, pilot):
        await open_queue(app, pilot, until)
        app.services.poller.close()
        store.claim(graph[1].id, "local", "cpu")
        await pilot.press("j", "less_than_sign")
        await until(pilot, lambda: "it is not queued any more" in notices(app))


async def test_gpus_say_how_busy_they_are_and_with_whom(dashboard, graph, store, home, describe, until, screen_text) -> None:
    home.config.write_text("slots_per_gpu = 2\n")
    describe(gpu("a", utilization=0.5, watts=611.7), gpu("b", OTHERS, utilization=1.0))
    store.claim(graph[0].id, "local", "GPU 0 NVIDIA H200")
    async with dashboard() as (app, pilot):
        screen = await open_queue(app, pilot, until)
        first, second = screen_text(app).splitlines()[5:7]
        assert [word in first for word in ("GPU 0", "NVIDIA H200", "1/2", "▇▇▇▇····", "50%", "0/139 GiB", "612", "s0")] == [
            True
        ] * 8
        assert "60/139 GiB" in second and f"busy: process {OTHERS} of another program uses it" in second
        assert "1 of 4 slots taken" in screen_text(app)
        describe(gpu("a", utilization=0.75))
        await until(pilot, lambda: "75%" in screen_text(app) and "GPU 1" not in screen_text(app))
        # It is one that the configuration does not name.
        describe(gpu("b"))
        home.config.write_text('gpus = ["GPU-a"]\n')
        await until(pilot, lambda: "config.toml: gpus names GPU-a, which is none of" in screen_text(app))
        assert shown(screen) == [run.id for run in graph] and "takes no more runs" in screen_text(app)


async def test_a_worker_that_has_not_left_has_its_slot(dashboard, graph, home, until, screen_text) -> None:
    handle = {"pid": os.getpid(), "slot": "cpu", "gpu": None, "run_id": "gone000000", "attempt": 1}
    async with dashboard() as (app, pilot):
        with holding(home.slots / "cpu.lock", handle):
            screen = await open_queue(app, pilot, until)
            assert "gone000" in screen_text(app).splitlines()[5] and "1/1" in screen_text(app).splitlines()[5]
            assert why(screen)[0] == (0, "a free device")
        await until(pilot, lambda: why(screen)[0] == (0, "nothing, it starts now"))
        with holding(home.slots / "cpu.lock", {**handle, "run_id": graph[0].id}):
            await until(pilot, lambda: "1/1" in screen_text(app).splitlines()[5] and why(screen)[0] == (0, "a free device"))
            assert shown(screen) == [run.id for run in graph], "it is queued again"


async def test_the_order_is_known_where_slots_cannot_be_locked(dashboard, graph, home, until) -> None:
    home.slots.write_text("This stands for a disk that cannot be written.")
    async with dashboard() as (app, pilot):
        screen = await open_queue(app, pilot, until)
        assert shown(screen) == [run.id for run in graph] and why(screen)[0] == (0, "a free device")


async def test_the_supervisor_is_told(dashboard, graph, home: Home, until, screen_text) -> None:
    async with dashboard() as (app, pilot):
        await open_queue(app, pilot, until)
        assert "no supervisor runs" in screen_text(app)
        with holding(home.supervisor_lock, {"pid": 1, "since": 1_700_000_000.0}):
            await until(pilot, lambda: "supervisor at work since 2023-11-1" in screen_text(app))
        home.supervisor_stopped.touch()
        await until(pilot, lambda: f"`scalearn resume {graph[0].id}` starts it again" in screen_text(app))


async def test_nothing_is_drawn_anew_or_looked_at_in_vain(dashboard, graph, describe, until, screen_text) -> None:
    describe(gpu("a", utilization=0.5))
    async with dashboard() as (app, pilot):
        screen = await open_queue(app, pilot, until)
        lines, text, seen = screen._lines, screen.query_one(DeviceTable)._text, screen._watch.now
        await pilot.pause(0.8)
        assert (screen._lines, screen.query_one(DeviceTable)._text, screen._watch.now) == (lines, text, seen)
        assert screen._lines is lines and screen.query_one(DeviceTable)._text is text and screen._watch.now is seen
        await pilot.press("1")
        await until(pilot, lambda: isinstance(app.screen, RunsScreen) and not screen._watch._looking)
        describe(gpu("a", utilization=0.9))
        await pilot.pause(0.8)
        assert screen._watch.now is seen
        await pilot.press("4")
        await until(pilot, lambda: "90%" in screen_text(app))


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (200, 50)])
async def test_it_fits(size, dashboard, graph, describe, until, screen_text) -> None:
    describe(*(gpu(letter, utilization=0.5) for letter in "abcdefgh"))
    async with dashboard(size) as (app, pilot):
        await open_queue(app, pilot, until)
        text = screen_text(app)
        for words in ("GPU 0", "50%", "GiB", "4 waiting", "ScaLearn++", "its turn", graph[3].id[:7]):
            assert words in text


async def test_in_ascii(home, graph, describe, until, screen_text) -> None:
    describe(gpu("a", utilization=0.5))
    app = Dashboard(home, launch=lambda _: None, ascii_only=True)
    async with app.run_test(size=(120, 30)) as pilot:
        await until(pilot, lambda: app.services.is_read)
        await open_queue(app, pilot, until)
        assert "####....  50%" in screen_text(app)


def test_bars() -> None:
    assert [bar(share) for share in (None, 0.0, 0.5, 1.0, 1.2)] == ["", "········", "▇▇▇▇····", "▇▇▇▇▇▇▇▇", "▇▇▇▇▇▇▇▇"]


async def test_when_the_queue_will_be_done(dashboard, home, store, make_run, train, until, screen_text) -> None:
    done, same_group, same_kind, other = make_run(1), make_run(2, seed=1), make_run(3, seed=2), make_run(4, "lora")
    same_group.group_id = done.group_id
    store.add([done, same_group, same_kind, other], [])
    attempt = train(store, done)
    store.progress(done.id, attempt, [], step=40, epoch=4, seconds=3000.0)
    store.finish(done.id, attempt, RunState.COMPLETED)
    async with dashboard() as (app, pilot):
        await open_queue(app, pilot, until)
        index = app.services.index
        typical = typical_seconds([index.get(run.id) for run in (same_group, same_kind, other)], index.all())
        assert typical == {same_group.id: 3000.0, same_kind.id: 3000.0}
        device, waits = Device("cpu", 2, ()), [Waits(run.id, 0, "") for run in (same_group, same_kind)]
        assert seconds_left(QueueLook((device,), tuple(waits)), typical, index) == 3000.0
        assert "done in" not in screen_text(app), "not all are known"
        store.delete([other.id])
        await until(pilot, lambda: "2 waiting" in screen_text(app))
        assert "done in" not in screen_text(app), "nothing starts them"
        with holding(home.supervisor_lock, {"pid": 1, "since": 1_700_000_000.0}):
            await until(pilot, lambda: "2 waiting, done in about 2 h" in screen_text(app))
