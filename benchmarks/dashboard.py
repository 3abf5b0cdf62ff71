"""What the dashboard costs with 10,000 runs and 100,000 points, in CPU time, beside an empty Textual app in the same run.

    OMP_NUM_THREADS=1 python benchmarks/dashboard.py [--runs 10000] [--json]

Both run in a real terminal of 120x40 cells, with no supervisor. The newest 100 runs have a curve of 1,000 points each, 16 of
them are live. Times are user and system seconds of the process, so other work on the machine matters little; most are medians.
A machine that is shared may be half as fast a minute later, so they are given as shares of what an empty app takes to start,
too.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from math import exp
from pathlib import Path
from random import Random
from statistics import median
from tempfile import TemporaryDirectory

from large_home import fill
from terminal import SIZE, Terminal, program

from engine.files.home import Home
from engine.registry.opening import open_reader
from engine.registry.records import LIVE, Metric, Run, RunState
from engine.registry.store import Store, open_store

EMPTY = "from textual.app import App; App().run()"
DASHBOARD = "import gc; gc.disable(); from scalearn_tui.dashboard.app import Dashboard; Dashboard(launch=lambda _: None).run()"
"""As its entry point starts it, but for the supervisor."""
FRAME = SIZE[0] * SIZE[1] // 2
"""Cells, spaces included, that have been written once a frame is painted."""
CURVES, POINTS, LIVE_RUNS = 100, 1000, 16
LONG_CURVES, LONG_POINTS = 8, 100_000
LOG_BYTES = 100 * 2**20
LAST_LINE = "the last line of the log"
STARTS, CHANGES, DRAWINGS = 9, 15, 9
KEYS, SCROLLING = 5 * (10 * "j" + 10 * "k"), 40 * "j"
"""Within the lines in view, most of whose runs were shown before, and then on from them: each key moves all lines by one, and
the pane shows a run that was never read."""
BARS = {
    "first_paint_ratio": 1.5, "content_cpu_ms": 500, "key_cpu_ms": 8, "changed_row_ms": 3, "idle_percent": 0.2,
    "live16_percent": 2, "rss_mib": 150, "key_bytes": 4000, "scrolling_cpu_ms": 8, "scrolling_bytes": 4000,
    "chart_ms": 30, "chart_fetch_ms": 1000, "log_open_ms": 100, "log_open_mib": 30,
}  # fmt: skip
"""At most. Those of ``--json`` come first."""
IN_JSON = tuple(BARS)[:7]


# Filling a home


def make_live(store: Store, runs: list[Run]) -> list[Run]:
    """Turn completed runs into runs that train, though nothing trains them."""
    store.delete([run.id for run in runs])
    for run in runs:
        run.state, run.version = RunState.QUEUED, 0
    store.add(runs, [])
    for run in runs:
        attempt = store.claim(run.id, "local", "cpu:0")
        assert attempt is not None
        store.started(run.id, attempt, steps=10 * POINTS)
    return store.runs(ids=[run.id for run in runs])


def add_curve(store: Store, run: Run, name: str, points: int) -> None:
    """Falling and noisy as losses are, and like no other run's."""
    chance = Random(run.id)
    final = chance.uniform(0.2, 0.5)
    losses = [(final + 0.7 * exp(-5 * step / points)) * chance.lognormvariate(0, 0.1) for step in range(points)]
    store.progress(run.id, run.attempt, [Metric(run.id, name, *point, 0.0, run.attempt) for point in enumerate(losses)])


def add_curves(store: Store) -> None:
    """Give each of the newest runs a curve, and leave the first of them live."""
    runs = store.runs(limit=CURVES)
    results = store.results([run.id for run in runs])
    for number, run in enumerate(make_live(store, runs)):
        add_curve(store, run, "train/loss", POINTS)
        if number >= LIVE_RUNS:
            store.finish(run.id, run.attempt, RunState.COMPLETED, results=results[run.id])


def train(store: Store, runs: list[Run], step: int) -> None:
    """Write what a worker writes after a step, for each of the runs."""
    for run in runs:
        point = Metric(run.id, "train/loss", POINTS + step, 1 / (1 + step), 0.0, run.attempt)
        store.progress(run.id, run.attempt, [point], step=POINTS + step, loss=point.value, seconds=60.0 + step)


@contextmanager
def training(store: Store, runs: list[Run], first: int) -> Iterator[None]:
    """A step of every run each second."""
    done = threading.Event()

    def work() -> None:
        for step in count(first):
            train(store, runs, step)
            if done.wait(1.0):
                return

    trainer = threading.Thread(target=work)
    trainer.start()
    try:
        yield
    finally:
        done.set()
        trainer.join()


# Measuring


def starting(home: Home, newest: Run) -> dict[str, float]:
    """From the start of the process to its first frame, and to the rows of runs; that of an empty app just before each."""
    empty, first, content = [], [], []
    for _ in range(STARTS):
        with program(EMPTY, home) as terminal:
            terminal.read_until("", cells=FRAME)
            empty.append(terminal.cpu())
        with program(DASHBOARD, home) as terminal:
            terminal.read_until("scalearn", cells=FRAME)
            first.append(terminal.cpu())
        with program(DASHBOARD, home) as terminal:
            terminal.read_until(newest.id[:7])
            content.append(terminal.cpu())
    return {
        "empty_cpu_ms": 1000 * median(empty),
        "first_paint_ratio": median(ours / theirs for ours, theirs in zip(first, empty, strict=True)),
        "content_cpu_ms": 1000 * median(content),
    }


def using(home: Home, store: Store, live: list[Run]) -> dict[str, float]:
    """Rest, changes and keys, in one session."""
    with program(EMPTY, home) as empty:
        empty.read(3.0)
        nothing, _ = empty.idle()
    with program(DASHBOARD, home) as terminal:
        terminal.read_until(live[0].id[:7])
        terminal.read(3.0)
        rest, loop_rest = terminal.idle()
        changed = [changed_row(terminal, store, live[1], step, loop_rest) for step in range(CHANGES)]
        with training(store, live, CHANGES):
            terminal.read(2.0)
            working, _ = terminal.idle()
        terminal.read(3.0)
        keys = [pressed(terminal, key) for key in KEYS]
        resident = terminal.memory("VmRSS")
        scrolling = [pressed(terminal, key) for key in SCROLLING]
    return {
        "key_cpu_ms": 1000 * median(cpu for _, cpu in keys),
        "key_bytes": median(written for written, _ in keys),
        "scrolling_cpu_ms": 1000 * median(cpu for _, cpu in scrolling),
        "scrolling_bytes": median(written for written, _ in scrolling),
        "changed_row_ms": 1000 * median(changed),
        "idle_percent": 100 * (rest - nothing),
        "live16_percent": 100 * (working - nothing),
        "rss_mib": resident,
    }


def pressed(terminal: Terminal, key: str) -> tuple[int, float]:
    """Bytes written and seconds computed until the pane shows the run at hand."""
    before = terminal.cpu()
    return terminal.press(key), terminal.cpu() - before


def changed_row(terminal: Terminal, store: Store, run: Run, step: int, rest: float) -> float:
    """Seconds for which one changed row, in view and not under the cursor, keeps the event loop busy."""
    seconds = 1.5  # The dashboard asks for changes once a second.
    before = terminal.loop()
    train(store, [run], step)
    terminal.read(seconds)
    return terminal.loop() - before - rest * seconds


def log(home: Home, run: Run) -> dict[str, float]:
    """From the key to the last line of a long log. A terminal this small has no pane that has read it before."""
    path, line = home.log(run.id), b"a line as long as those that workers write, give or take a few words\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(line * (LOG_BYTES // len(line)) + LAST_LINE.encode() + b"\n")
    times, growth = [], []
    for _ in range(STARTS):
        with program(DASHBOARD, home, size=(80, 24)) as terminal:
            terminal.read_until(run.id[:7])
            terminal.read(3.0)
            cpu, resident = terminal.cpu(), terminal.memory("VmRSS")
            terminal.send("l")
            terminal.read_until(LAST_LINE)
            times.append(terminal.cpu() - cpu)
            growth.append(terminal.memory("VmHWM") - resident)
    return {"log_open_ms": 1000 * median(times), "log_open_mib": median(growth)}


def chart(home: Home, run: Run) -> dict[str, float]:
    """Long curves of one run: their first fetch, and drawing others that are as long."""
    from scalearn_tui.dashboard.background import BackgroundApp
    from scalearn_tui.dashboard.charts.series import Series
    from scalearn_tui.dashboard.detail import DetailReader
    from scalearn_tui.dashboard.widgets.chart import Chart

    names = [f"curve/{number}" for number in range(LONG_CURVES)]
    before = time.process_time()
    detail = DetailReader(open_reader(home), run.id, lambda _: names).read()
    fetched = time.process_time() - before
    assert detail is not None
    series = [Series(name, detail.curves[name]) for name in names]

    async def drawing() -> float:
        app, seconds = BackgroundApp(), []
        async with app.run_test(size=SIZE) as pilot:
            widget = Chart(app.background)
            await app.mount(widget)
            widget.show("loss", series)
            for _ in range(DRAWINGS):
                await pilot.pause()
                before = time.process_time()
                widget.show("loss", [replace(one, points=replace(one.points)) for one in series])
                await pilot.pause()
                seconds.append(time.process_time() - before)
        return median(seconds)

    return {"chart_ms": 1000 * asyncio.run(drawing()), "chart_fetch_ms": 1000 * fetched}


def measure(folder: Path, runs: int) -> dict[str, float]:
    home = Home(folder / "home")
    fill(home, runs)
    store = open_store(home)
    add_curves(store)
    live = store.runs(states=LIVE)
    found = starting(home, live[0]) | using(home, store, live) | log(home, live[0])
    long_home = Home(folder / "long")
    fill(long_home, 1)
    store = open_store(long_home)
    [run] = make_live(store, store.runs())
    for number in range(LONG_CURVES):
        add_curve(store, run, f"curve/{number}", LONG_POINTS)
    return found | chart(long_home, run)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=10_000, help=f"at least {CURVES}")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if options.runs < CURVES:
        parser.error(f"--runs must be at least {CURVES}")
    with TemporaryDirectory() as folder:
        found = measure(Path(folder), options.runs)
    if options.json:
        print(json.dumps({name: round(found[name], 2) for name in IN_JSON}))
        return
    empty = found["empty_cpu_ms"]
    print(f"an empty Textual app starts in {empty:.0f} ms")
    for name, most in BARS.items():
        share = f"{found[name] / empty:.3f} of that" if name in IN_JSON and name.endswith("_ms") else ""
        verdict = "met" if found[name] <= most else "missed"
        print(f"{name:<18}{found[name]:>9.2f}   at most {most:>6g}   {verdict:<7}{share}".rstrip())


if __name__ == "__main__":
    main()
