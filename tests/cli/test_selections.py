"""Commands on the runs of a selection, and what they say about it."""

from __future__ import annotations

import json

import pytest

from engine.registry.records import RunState
from engine.registry.store import Store
from scalearn_tui.cli.app import main
from scalearn_tui.cli.exits import ExitCode
from tests.reports.rows import complete, queue, spec, start

RTE, BOOLQ = "superglue/rte", "superglue/boolq"
Capture = pytest.CaptureFixture[str]
Answer = tuple[int, str, str]
pytestmark = pytest.mark.usefixtures("supervised")


@pytest.fixture
def done(store: Store) -> list[str]:
    """Ids of completed runs: two seeds on BoolQ, one on RTE."""
    runs = [
        complete(store, spec("adapter", target, seed), 0.7 + seed / 10) for target, seed in ((BOOLQ, 0), (BOOLQ, 1), (RTE, 1))
    ]
    return [run.run_id for run in runs]


@pytest.fixture
def failed(store: Store, done: list[str]) -> list[str]:
    runs = [spec("lora", RTE, seed) for seed in range(10)]
    for run in runs:
        store.finish(run.run_id, start(store, run), RunState.FAILED, "out of memory")
    return [run.run_id for run in runs]


def typed(capsys: Capture, *words: str) -> Answer:
    return (main(words), *capsys.readouterr())


def ids(capsys: Capture, *words: str) -> set[str]:
    code, out, _ = typed(capsys, "ls", "--json", *words)
    found = {run["id"] for run in json.loads(out)["runs"]}
    assert code == (ExitCode.OK if found else ExitCode.NOTHING_MATCHED)
    return found


def test_ls_takes_terms_beside_flags(done: list[str], failed: list[str], capsys: Capture) -> None:
    assert ids(capsys, "boolq") == set(done[:2])
    assert ids(capsys, "method:adapter", "-seed:0", "--target", "rte") == {done[2]}
    assert ids(capsys, "-n", "5", "state:failed seed>2") <= set(failed)
    assert len(ids(capsys, "-n", "5", "state:failed seed>2")) == 5
    assert ids(capsys, "--state", "completed", "test>=80") == set(done[1:])
    assert ids(capsys, "--", "-lora", "-boolq") == {done[2]}
    assert ids(capsys, "method:pals") == set()


@pytest.mark.parametrize("command", ["ls", "stop", "resume", "delete", "leaderboard", "tag", "wait"])
def test_a_selection_that_is_none_or_has_no_runs_is_one_line(command: str, done: list[str], capsys: Capture) -> None:
    rest = ["--add", "paper"] if command == "tag" else []
    code, out, err = typed(capsys, command, "sate:failed", *rest)
    assert (code, out) == (ExitCode.USAGE, "") and "no field 'sate' (did you mean state?); there are id, method" in err
    code, out, err = typed(capsys, command, "method:pals", "-seed:0", *rest)
    assert (code, out) == (ExitCode.NOTHING_MATCHED, "") and len(err.splitlines()) == 1


def test_words_without_a_sign_name_runs(done: list[str], capsys: Capture) -> None:
    code, _, err = typed(capsys, "stop", "boolq")
    assert code == ExitCode.USAGE and "no run 'boolq'" in err
    code, _, err = typed(capsys, "stop", "@1", "seed:1")
    assert code == ExitCode.USAGE and "'@1' is no term of a selection" in err


def test_stop_and_resume_say_how_many_and_which(store: Store, done: list[str], capsys: Capture) -> None:
    waiting = queue(store, spec("lora", RTE))
    code, out, err = typed(capsys, "stop", "target:rte")
    assert (code, out) == (ExitCode.OK, f"{waiting.id}  stopped\n")
    assert err == f"1 of 2 selected runs can be stopped: {waiting.id} (lora on {RTE}, queued)\n"
    assert typed(capsys, "stop", "target:rte") == (ExitCode.NOTHING_MATCHED, "", "0 of 2 selected runs can be stopped\n")
    code, out, err = typed(capsys, "resume", "state:stopped,completed")
    assert (code, out) == (ExitCode.OK, f"{waiting.id}  queued\n")
    assert err.startswith(f"1 of 4 selected runs can be resumed: {waiting.id} (lora on {RTE}, stopped)\n")


def test_delete_asks_with_the_number_of_runs(store: Store, failed: list[str], capsys: Capture) -> None:
    code, out, err = typed(capsys, "delete", "state:failed")
    assert (code, out) == (ExitCode.USAGE, "") and "this deletes 10 runs: " in err and "and 2 more; confirm" in err
    code, out, err = typed(capsys, "delete", "--yes", "state:failed", "-seed:9")
    assert code == ExitCode.OK and set(out.split()) == {*failed[:9], "deleted"}
    assert err.startswith("deleting 9 runs: ") and err.endswith("and 1 more\n")
    assert {run.id for run in store.runs(method="lora")} == {failed[9]}


def test_a_leaderboard_of_selected_runs_says_so(done: list[str], capsys: Capture) -> None:
    assert "75.00 ± 7.07 (2)" in typed(capsys, "leaderboard")[1]
    code, out, _ = typed(capsys, "leaderboard", "target:boolq", "-seed:1")
    assert code == ExitCode.OK and "70.00 (1)" in out and "RTE" not in out.split("cells")[0]
    assert "selected, only those of which target:boolq -seed:1 holds" in out
    (table,) = json.loads(typed(capsys, "leaderboard", "target:boolq", "--format", "json")[1])["tables"]
    assert table["provenance"]["runs"] == ["selected, only those of which target:boolq holds"]
