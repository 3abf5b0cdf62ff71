"""``queue``: what it lists, its pause and moving runs, without a worker."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.registry.store import Store
from scalearn_tui.cli.app import main
from scalearn_tui.cli.exits import ExitCode
from tests.plans.requests import needs_minilm
from tests.reports.rows import complete, queue, spec

Capture = pytest.CaptureFixture[str]
pytestmark = pytest.mark.usefixtures("supervised")
SOURCE = spec("adapter", "toy/question", backbone="minilm")
TARGET = spec("scalearn++", "toy/topics", sources=[SOURCE], backbone="minilm")
OTHER = spec("adapter", "toy/choice", backbone="minilm")


@pytest.fixture
def queued(store: Store) -> Store:
    for one in (SOURCE, TARGET, OTHER):
        queue(store, one)
    return store


def listed(capsys: Capture) -> dict[str, object]:
    capsys.readouterr()
    assert main(["queue", "ls", "--json"]) == ExitCode.OK
    document: dict[str, object] = json.loads(capsys.readouterr().out)
    return document


def test_a_moved_run_takes_its_source_with_it(queued: Store, capsys: Capture) -> None:
    assert main(["queue", "move", TARGET.run_id, "--priority", "2"]) == ExitCode.OK
    assert capsys.readouterr().out == f"{TARGET.run_id}  priority 2\n"
    assert main(["queue", "ls"]) == ExitCode.OK
    _, *rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert rows == [
        [SOURCE.run_id, "adapter", "toy/question", "0", "2", "nothing,", "it", "starts", "now"],
        [TARGET.run_id, "scalearn++", "toy/topics", "0", "2", "source", SOURCE.run_id],
        [OTHER.run_id, "adapter", "toy/choice", "0", "0", "its", "turn"],
    ]


def test_runs_are_moved_by_terms(queued: Store, capsys: Capture) -> None:
    assert main(["queue", "move", "target:toy/choice", "--priority", "1"]) == ExitCode.OK
    assert "1 of 1 selected runs are queued" in capsys.readouterr().err
    assert [run.id for run in queued.queued()] == [OTHER.run_id, SOURCE.run_id, TARGET.run_id]


@pytest.mark.parametrize("command", [["queue", "move", OTHER.run_id], ["run", "-m", "adapter", "-t", "toy/choice", "--detach"]])
def test_a_priority_has_bounds(command: list[str], queued: Store, capsys: Capture) -> None:
    assert main([*command, "--priority", "99999999999999999999"]) == ExitCode.USAGE
    assert "Traceback" not in (said := capsys.readouterr().err) and "1000000" in said


def test_what_is_not_queued_cannot_be_moved(store: Store, capsys: Capture) -> None:
    done = complete(store, OTHER, 0.5).run_id
    assert main(["queue", "move", done, "--priority", "1"]) == ExitCode.NOTHING_MATCHED
    assert capsys.readouterr().err == f"run {done} is not queued: completed\n"


def test_a_pause_lasts_until_it_is_ended_and_is_told(queued: Store, capsys: Capture) -> None:
    assert main(["queue", "pause"]) == ExitCode.OK
    document = listed(capsys)
    assert document["paused"] is True
    assert [one["waits_for"] for one in document["queued"]] == [  # type: ignore[attr-defined]
        "the queue is paused",
        f"source {SOURCE.run_id}",
        "the queue is paused",
    ]
    notice = "the queue is paused; `scalearn queue resume` lets queued runs start"
    for command, stream in ((["ls"], 1), (["doctor"], 0)):
        main(command)
        assert notice in capsys.readouterr()[stream]
    assert main(["queue", "resume"]) == ExitCode.OK
    assert listed(capsys)["paused"] is False
    assert main(["queue", "resume"]) == ExitCode.OK
    assert "the queue is not paused" in capsys.readouterr().err


@needs_minilm
def test_a_run_is_asked_for_with_a_priority_while_the_queue_is_paused(queued: Store, capsys: Capture) -> None:
    main(["queue", "pause"])
    asked = ["run", "-m", "adapter", "-t", "toy/sentiment", "-b", "minilm", "--detach", "--priority", "3"]
    assert main(asked) == ExitCode.OK
    assert "the queue is paused; `scalearn queue resume` lets" in capsys.readouterr().err
    first = queued.queued()[0]
    assert (first.target, first.priority) == ("toy/sentiment", 3)
    assert main(["show", first.id, "--json"]) == ExitCode.OK
    assert json.loads(capsys.readouterr().out)["run"]["priority"] == 3


@needs_minilm
def test_a_sweep_has_a_priority_too(queued: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.chdir(tmp_path)
    Path("urgent.toml").write_text('name = "urgent"\nmethods = "adapter"\ntargets = "toy/claim"\nbackbones = "minilm"')
    assert main(["sweep", "run", "urgent.toml", "--detach", "--priority", "1"]) == ExitCode.OK
    assert main(["queue", "move", "sweep:urgent", "--priority", "2"]) == ExitCode.OK
    first, second = queued.queued()[:2]
    assert (first.target, first.priority, second.priority) == ("toy/claim", 2, 0)
