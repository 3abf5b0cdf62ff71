"""Watching runs in the foreground, while another thread does what a worker does."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Callable

import pytest
from rich.console import Console

from engine.registry.records import RunState
from engine.registry.store import Store
from engine.runs.spec import RunSpec
from scalearn_tui.cli.live import follow

from ..reports.rows import queue, spec

TWO_EPOCHS = spec("adapter", "toy/question", epochs=2)
FAILING = spec("adapter", "toy/choice")


def work(store: Store, run: RunSpec, end: RunState, cause: str | None, shown: Callable[[str], None]) -> None:
    attempt = store.claim(run.run_id, "local", "cpu")
    assert attempt is not None
    store.started(run.run_id, attempt)
    for epoch in (1, 2):
        store.progress(
            run.run_id, attempt, epoch=epoch, epochs=2, step=10 * epoch, steps=20, loss=0.5 / epoch, value=0.7, best=0.7,
            samples_per_second=412.3, seconds_left=2.0 - epoch, seconds=1.0 * epoch,
        )  # fmt: skip
        shown(f"loss {0.5 / epoch:.3f}")
    store.finish(run.run_id, attempt, end, cause, {run.target: {"test": {"accuracy": 0.75}}})


def watch(
    store: Store, terminal: bool, care: Callable[[], None] = lambda: None, width: int = 140
) -> tuple[str, list[RunState]]:
    out = io.StringIO()
    console = Console(file=out, force_terminal=terminal, width=width, height=40, highlight=False)
    for run in (TWO_EPOCHS, FAILING):
        queue(store, run)

    def wait_for(words: str) -> None:
        before, deadline = len(out.getvalue()), time.monotonic() + 20
        while words not in out.getvalue()[before:] and time.monotonic() < deadline:
            time.sleep(0.02)

    def train() -> None:
        wait_for("queued")
        work(store, TWO_EPOCHS, RunState.COMPLETED, None, wait_for)
        work(store, FAILING, RunState.FAILED, "out of memory", wait_for)

    thread = threading.Thread(target=train)
    thread.start()
    runs = follow(store, [TWO_EPOCHS.run_id, FAILING.run_id], console, care)
    thread.join()
    return out.getvalue(), [run.state for run in runs]


def test_plain_lines_show_states_and_epochs(store: Store) -> None:
    text, states = watch(store, terminal=False)
    assert states == [RunState.COMPLETED, RunState.FAILED]
    assert "\x1b" not in text
    name = f"{TWO_EPOCHS.run_id}  Adapter  toy/question  seed 0  "
    mine = [line.split(name)[1] for line in text.splitlines() if name in line]
    assert mine[0] == "queued"
    assert any(line.startswith("epoch 2/2  loss 0.2500  accuracy 70.00  412 samples/s") for line in mine)
    assert mine[-1] == "completed  accuracy 70.00 on dev in 00:02"
    assert "failed  out of memory" in text


@pytest.mark.parametrize("width", [80, 140])
def test_terminal_shows_a_line_per_run(store: Store, width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    text, states = watch(store, terminal=True, width=width)
    assert states == [RunState.COMPLETED, RunState.FAILED]
    assert "\x1b" in text and "out of memory" in text
    assert "2/2  loss 0.250  accuracy 70.00  412/s  00:00" in text
    assert (TWO_EPOCHS.run_id in text) == (width == 140)


def test_a_terminal_that_cannot_move_its_cursor_gets_plain_lines(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    text, _ = watch(store, terminal=True)
    assert "\x1b" not in text and "epoch 2/2  loss 0.2500" in text


def test_a_deleted_run_is_waited_for_no_longer(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scalearn_tui.cli.live.CARE_INTERVAL", 0.2)
    queue(store, TWO_EPOCHS)
    console = Console(file=io.StringIO(), force_terminal=False)
    assert follow(store, [TWO_EPOCHS.run_id], console, care=lambda: store.delete([TWO_EPOCHS.run_id])) == []
