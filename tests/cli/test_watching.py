"""Commands that look at runs see to it that somebody notices how they end."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator

import psutil
import pytest

from engine.errors import UserError
from engine.launch.processes import identify
from engine.launch.supervision import is_supervised
from engine.registry.records import RunState
from engine.registry.store import Store
from scalearn_tui.cli.app import main
from scalearn_tui.cli.watching import MOST_STARTS, keep_supervised, settle

from ..reports.rows import complete, spec, start

RUN = spec("adapter", "toy/question")


@pytest.fixture
def abandoned(store: Store) -> Iterator[None]:
    """A run whose worker and supervisor are gone, as after a restart of the machine; no supervisor is left behind."""
    attempt = start(store, RUN)
    worker = subprocess.Popen(["sleep", "60"])
    record = str(store.home.exit_record(RUN.run_id, attempt))
    store.launched(RUN.run_id, attempt, {**identify(worker.pid), "slot": "cpu", "record": record, "log_begin": 0})
    worker.kill()
    worker.wait()
    yield
    for process in psutil.process_iter(["pid", "cmdline"]):
        if str(store.home.root) in (process.info["cmdline"] or []):
            os.kill(process.info["pid"], signal.SIGKILL)


@pytest.mark.usefixtures("abandoned")
@pytest.mark.parametrize("command", [["ls"], ["show", "@1"]], ids=["ls", "show"])
def test_a_run_whose_worker_and_supervisor_are_gone_becomes_lost(
    command: list[str], store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(command) == 0
    assert "look again in a moment" in capsys.readouterr().err
    began = time.monotonic()
    while store.find(RUN.run_id).state is not RunState.LOST:
        assert time.monotonic() - began < 10
        time.sleep(0.1)
    assert main(command) == 0
    out, err = capsys.readouterr()
    assert "lost" in out and err == ""


@pytest.mark.usefixtures("abandoned")
def test_it_is_lost_before_more_is_asked_for(store: Store) -> None:
    settle(store)
    assert store.find(RUN.run_id).state is RunState.LOST
    # Nothing is left to wait for.
    began = time.monotonic()
    settle(store)
    assert time.monotonic() - began < 1


def test_without_active_runs_no_supervisor_is_started(store: Store) -> None:
    complete(store, RUN, 0.7)
    assert main(["ls"]) == 0
    assert not is_supervised(store.home)


def test_a_supervisor_that_does_not_stay_is_reported(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/no/python/here")
    care = keep_supervised(store)
    for _ in range(MOST_STARTS):
        care()
        time.sleep(0.2)
    with pytest.raises(UserError, match=r"does not stay alive .*/no/python/here.*supervisor.log"):
        care()
