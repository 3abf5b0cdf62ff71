"""Waiting for runs, while another thread does what a worker does."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr
from types import SimpleNamespace

import pytest

from engine.registry.records import RunState, Sweep
from engine.registry.store import Store
from engine.runs.spec import RunSpec
from engine.sweeps.cells import Cell, as_records
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
    # Of this module alone: other threads sleep too.
    monkeypatch.setattr("scalearn_tui.cli.live.time", SimpleNamespace(sleep=interrupted, monotonic=time.monotonic))
    assert main(["wait", SECOND.run_id]) == ExitCode.INTERRUPTED
    assert store.find(SECOND.run_id).state is RunState.QUEUED


def test_a_run_that_is_deleted_meanwhile_was_not_completed(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scalearn_tui.cli.live.CARE_INTERVAL", 0.2)
    queue(store, SECOND)
    with meanwhile(lambda: store.delete([SECOND.run_id])):
        assert main(["wait", SECOND.run_id]) == ExitCode.UNSUCCESSFUL


def sweep_of(store: Store, *specs: RunSpec) -> None:
    cells = [Cell(spec.run_id, spec.method, spec.target, spec.seed, "", None, spec.backbone) for spec in specs]
    store.register(Sweep(name="paper", file="/paper.toml", text="", requests=[], cells=as_records(cells)))


def test_a_sweep_is_waited_for_and_is_unsuccessful_with_missing_cells(store: Store, capsys: Capture) -> None:
    complete(store, FIRST, 0.7)
    sweep_of(store, FIRST)
    assert main(["wait", "--sweep", "paper"]) == ExitCode.OK
    sweep_of(store, FIRST, SECOND)
    capsys.readouterr()
    assert main(["wait", "--sweep", "paper"]) == ExitCode.UNSUCCESSFUL
    assert capsys.readouterr().err == "1 of 2 cells of paper have no run; `scalearn sweep run paper` trains them\n"
    assert main(["wait", "sweep:paper"]) == ExitCode.OK


@pytest.mark.parametrize("arguments", [[], ["--sweep", "papr"], ["--sweep", "paper", "@1"]], ids=" ".join)
def test_either_runs_or_a_known_sweep_must_be_named(arguments: list[str], store: Store, capsys: Capture) -> None:
    sweep_of(store, FIRST)
    assert main(["wait", *arguments]) == ExitCode.USAGE
    assert "--sweep NAME" in (said := capsys.readouterr().err) or "did you mean paper?" in said


def test_a_command_of_the_users_runs_when_all_have_ended(store: Store, capfd: pytest.CaptureFixture[str]) -> None:
    complete(store, FIRST, 0.7)
    store.home.config.write_text("on_end = 'echo $SCALEARN_COMPLETED of $SCALEARN_RUNS: $SCALEARN_EXIT_CODE; exit 5'")
    assert main(["wait", FIRST.run_id]) == ExitCode.OK
    out, err = capfd.readouterr()
    assert out.endswith("completed\n1 of 1: 0\n") and "on_end of config.toml ended with code 5" in err


def test_a_mistake_in_the_configuration_is_reported_before_waiting(store: Store, capsys: Capture) -> None:
    queue(store, SECOND)
    store.home.config.write_text("on_ed = 'true'")
    assert main(["wait", SECOND.run_id]) == ExitCode.USAGE
    assert "config.toml: unknown key on_ed (did you mean on_end?); there are on_end" in capsys.readouterr().err
