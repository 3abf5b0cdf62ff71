"""A registry of its own for each test, filled through the real store."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from textual.pilot import Pilot

from engine.catalog.catalog import BUILT_IN
from engine.catalog.methods import METHODS
from engine.files.home import Home
from engine.registry.records import Metric, Run, RunState
from engine.registry.store import Store, open_store
from engine.runs.spec import RunSpec
from scalearn_tui.dashboard.app import Dashboard
from tests.docs.pages import ROOT

START = datetime(2026, 1, 1, tzinfo=UTC)
RESTING = 0.5
"""Seconds without a change after which a screen has all that it shows."""


def make_run(number: int, method: str = "adapter", *targets: str, seed: int = 0) -> Run:
    """A queued run, of ``toy/sentiment`` without targets; a higher number is newer."""
    targets = targets or ("toy/sentiment",)
    spec = RunSpec(
        method=method,
        backbone="minilm",
        backbone_revision="sha256:0",
        targets=targets,
        data=dict.fromkeys(targets, "toy-1"),
        seed=seed,
        hyperparameters=METHODS[method].resolve({"epochs": 12}, BUILT_IN.joint_name(targets), "loss"),
        limits={"train": 64},
    )
    # By the number: tests have several runs of one specification.
    digest = hashlib.sha256(str(number).encode()).hexdigest()
    ids = {"id": digest[:10], "fingerprint": digest, "group_id": digest[:10]}
    return Run.of(spec, created_at=START + timedelta(seconds=number), **ids)


def train(store: Store, run: Run, steps: int = 40, per_epoch: int = 10) -> int:
    """Claim and start a run and write its curves up to ``steps``; the attempt."""
    attempt = store.claim(run.id, "local", "cpu:0")
    assert attempt is not None
    store.started(run.id, attempt, steps=12 * per_epoch)
    points = [
        Metric(run_id=run.id, name="train/loss", step=step, value=1 / (1 + step), epoch=0, attempt=attempt)
        for step in range(steps)
    ]
    for epoch in range(1, steps // per_epoch + 1):
        for name, value in (("dev/loss", 0.5 / epoch), ("dev/accuracy", 0.6 + 0.05 * epoch)):
            points.append(Metric(run_id=run.id, name=name, step=epoch * per_epoch, value=value, epoch=epoch, attempt=attempt))
    epoch = steps // per_epoch
    store.progress(
        run.id, attempt, points, step=steps, epoch=epoch, loss=0.3, value=0.6, best=0.7125, best_epoch=epoch,
        seconds=75.0, seconds_left=3600.0, samples_per_second=1500.0,
    )  # fmt: skip
    return attempt


def write_log(home: Home, run: Run, text: str) -> None:
    """Append to a run's log."""
    path = home.log(run.id)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        file.write(text)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


@pytest.fixture
def store(home: Home) -> Store:
    return open_store(home)


@pytest.fixture
def woken() -> list[Home]:
    """The registries whose supervisor the dashboard woke."""
    return []


OpenDashboard = AbstractAsyncContextManager[tuple[Dashboard, Pilot[int]]]


@pytest.fixture
def dashboard(home: Home, woken: list[Home]) -> Callable[..., OpenDashboard]:
    """``async with dashboard(size) as (app, pilot)``: a dashboard that has read its registry; it starts no processes."""

    @asynccontextmanager
    async def opened(size: tuple[int, int] = (160, 45)) -> OpenDashboard:
        app = Dashboard(home, launch=woken.append)
        async with app.run_test(size=size) as pilot:
            await until(pilot, lambda: app.services.is_read)
            await pilot.pause()
            yield app, pilot

    return opened


async def until(pilot: Pilot[int], condition: Callable[[], object], seconds: float = 8.0) -> None:
    """Wait for a condition; fail when it does not come true."""
    for _ in range(int(seconds / 0.05)):
        if condition():
            return
        await pilot.pause(0.05)
    pytest.fail("waited in vain")


@pytest.fixture(name="until")
def until_fixture() -> Callable[..., Awaitable[None]]:
    return until


@pytest.fixture(name="make_run")
def make_run_fixture() -> Callable[..., Run]:
    return make_run


@pytest.fixture(name="train")
def train_fixture() -> Callable[..., int]:
    return train


@pytest.fixture(name="write_log")
def write_log_fixture() -> Callable[..., None]:
    return write_log


def screen_text(app: Dashboard) -> str:
    """What stands on the screen, as lines."""
    lines = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip) for strip in lines)


@pytest.fixture(name="screen_text")
def screen_text_fixture() -> Callable[[Dashboard], str]:
    return screen_text


@pytest.fixture
def notices() -> Callable[[Dashboard], str]:
    """What the dashboard's notices say."""
    return lambda app: "\n".join(f"{notice.title} {notice.message}" for notice in app._notifications)


@pytest.fixture
def five_runs(store: Store) -> Sequence[Run]:
    """Queued runs, oldest first, of different methods and targets."""
    runs = [
        make_run(1, "adapter", "toy/sentiment"),
        make_run(2, "adapter", "toy/entailment", seed=1),
        make_run(3, "scalearn++", "toy/question"),
        make_run(4, "full-ft", "toy/topics"),
        make_run(5, "adapterfusion", "toy/choice"),
    ]
    store.add(runs, [])
    return runs


@pytest.fixture(scope="session")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the committed runs of few rows, of one task: a screen has room for those of other states too."""
    root = tmp_path_factory.mktemp("imported") / "home"
    for arguments in (
        ["import", str(ROOT / "docs" / "results" / "shots.zip")],
        ["delete", "--yes", "shots:32", "target:glue/stsb"],
    ):
        command = [sys.executable, "-m", "scalearn_tui", *arguments]
        subprocess.run(command, env=os.environ | {"SCALEARN_HOME": str(root)}, check=True, stdout=subprocess.DEVNULL)
    return root


@pytest.fixture
def busy(imported: Path, tmp_path: Path) -> Home:
    """Those runs, and one of every other state."""
    home = Home(tmp_path / "home")
    shutil.copytree(imported, home.root)
    store = open_store(home)
    running, failed, lost, stopped, queued = runs = [make_run(number, "scalearn++", seed=number) for number in range(1, 6)]
    store.add(runs, [])
    train(store, running)
    write_log(home, running, "".join(f"line {number} of the log\n" for number in range(60)))
    end(store, failed, RunState.FAILED, "CUDA out of memory: tried to allocate 512 MiB")
    end(store, lost, RunState.LOST, "its process is gone")
    end(store, stopped, RunState.STOPPED, None)
    store.tag([queued.id], ["überprüfen", "实验"])
    return home


def end(store: Store, run: Run, state: RunState, cause: str | None) -> None:
    store.finish(run.id, train(store, run), state, cause=cause)


async def settled(pilot: Pilot[int], app: Dashboard) -> str:
    """The screen once it rests."""
    text, rested = screen_text(app), 0.0
    while rested < RESTING:
        await pilot.pause(0.1)
        now = screen_text(app)
        text, rested = now, rested + 0.1 if now == text else 0.0
    return text
