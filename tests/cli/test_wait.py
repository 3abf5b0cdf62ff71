"""Waiting for runs, while another thread does what a worker does."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr

import pytest

from engine.registry.records import RunState
from engine.registry.store import Store
from scalearn_tui.cli.app import main
from scalearn_tui.cli.exits import ExitCode
from tests.reports.rows import complete, queue, spec

FIRST, SECOND = spec("adapter", "toy/question"), spec("adapter", "toy/choice")
Capture = pytest.CaptureFixture[str]
pytestmark = pytest.mark.usefixtures("supervised")


@contextmanager
def meanwhile(work: Callable[[], object]) -> Iterator[io.StringIO]:
    """Work when the command has said that it waits; gives what it says."""
    said = io.StringIO()

    def once_it_waits() -> None:
        deadline = time.monotonic() + 20
        while "waiting" not in said.getvalue() and time.monotonic() < deadline:
            time.sleep(0.02)
        work()

    thread = threading.Thread(target=once_it_waits)
    thread.start()
    with redirect_stderr(said):
        yield said
    thread.join()


def end(store: Store, run_id: str, state: RunState, cause: str | None = None) -> None:
    attempt = store.claim(run_id, "local", "cpu")
    assert attempt is not None
    store.started(run_id, attempt)
    store.finish(run_id, attempt, state, cause)


def test_runs_that_have_ended_are_not_waited_for(store: Store, capsys: Capture) -> None:
    complete(store, FIRST, 0.7)
    assert main(["wait", FIRST.run_id]) == ExitCode.OK
    out, err = capsys.readouterr()
    assert out == f"✓ {FIRST.run_id}  Adapter  toy/question  seed 0  completed\n" and not err


@pytest.mark.parametrize("state", [RunState.COMPLETED, RunState.LOST])
def test_every_run_has_a_line_as_it_ends(state: RunState, store: Store, capsys: Capture) -> None:
    complete(store, FIRST, 0.7)
    queue(store, SECOND)
    with meanwhile(lambda: end(store, SECOND.run_id, state, "killed" if state.over else None)) as said:
        code = main(["wait", "method:adapter"])
    assert code == (ExitCode.UNSUCCESSFUL if state.over else ExitCode.OK)
    out = capsys.readouterr().out
    assert [line.split()[1] for line in out.splitlines()] == [FIRST.run_id, SECOND.run_id]
    assert out.splitlines()[1].endswith("lost  killed" if state.over else "completed")
    assert said.getvalue() == "waiting for 1 unfinished run; Ctrl-C ends only the waiting\n"


def test_interrupting_ends_only_the_waiting(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_seconds: float) -> None:
        raise KeyboardInterrupt

    queue(store, SECOND)
    monkeypatch.setattr("scalearn_tui.cli.live.time.sleep", interrupted)
    assert main(["wait", SECOND.run_id]) == ExitCode.INTERRUPTED
    assert store.find(SECOND.run_id).state is RunState.QUEUED


def test_a_run_that_is_deleted_meanwhile_was_not_completed(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scalearn_tui.cli.live.CARE_INTERVAL", 0.2)
    queue(store, SECOND)
    with meanwhile(lambda: store.delete([SECOND.run_id])):
        assert main(["wait", SECOND.run_id]) == ExitCode.UNSUCCESSFUL
