"""What ``gc`` frees, and above all what it does not."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from engine.files.home import Home
from engine.registry.records import Evidence, RunState
from engine.registry.store import Store, open_store
from scalearn_tui.cli.app import main
from scalearn_tui.cli.exits import ExitCode

from ..reports.rows import complete, queue, spec, start

Capture = pytest.CaptureFixture[str]
DONE, STOPPED, LIVE, QUEUED = (spec("adapter", "toy/question", seed=seed) for seed in range(4))
DAY = 86_400
pytestmark = pytest.mark.usefixtures("supervised")


@pytest.fixture
def full(store: Store) -> Store:
    """A home with runs in every state and all that they keep."""
    complete(store, DONE, 0.7)
    attempt = start(store, STOPPED)
    evidence = Evidence(
        run_id=STOPPED.run_id, task="toy/question", split="dev", epoch=1, rows_sha256="used", logits_sha256="l", bytes=1
    )
    store.answered(STOPPED.run_id, attempt, evidence)
    store.finish(STOPPED.run_id, attempt, RunState.STOPPED)
    queue(store, QUEUED)
    for run in (DONE, STOPPED, QUEUED):
        for name in ("log.txt", "best.safetensors", "evidence/toy/question.dev.safetensors"):
            write(store.home.run(run.run_id) / name)
    write(store.home.checkpoint(STOPPED.run_id, "last"))
    write(store.home.evidence_rows("used"))
    for number in range(3):
        write(store.home.root / f"registry.before-000{number}.sqlite")
    write(store.home.root / "registry.damaged-20260101-000000.sqlite")
    write(store.home.run(DONE.run_id) / ".best.safetensors.0123abcd")
    write(store.home.run(QUEUED.run_id) / ".best.safetensors.0123abcd", age=2 * DAY)
    return store


def write(path: Path, size: int = 1000, age: float = 0.0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bytes(size))
    modified = path.stat().st_mtime - age
    os.utime(path, (modified, modified))
    return path


def files(home: Home) -> set[str]:
    """All files but the registry's own and what every command may write."""
    found = (str(path.relative_to(home.root)) for path in home.root.rglob("*") if not path.is_dir())
    return {name for name in found if not name.startswith(("registry.sqlite", "plugins.json"))}


def surplus(store: Store) -> list[Path]:
    """One of each kind, 1000 bytes each."""
    home = store.home
    return [
        write(home.runs / "0123456789" / "evidence" / "a.safetensors").parents[1],
        write(home.runs / ".deleted-0123456789-0123abcd" / "log.txt").parent,
        write(home.checkpoint(DONE.run_id, "last")),
        write(home.root / ".registry.sqlite.0123abcd-wal", age=2 * DAY),
        write(home.embeddings / ".toy.npy.0123abcd", age=2 * DAY),
        write(home.run(STOPPED.run_id) / "evidence" / ".dev.safetensors.0123abcd", age=2 * DAY),
        write(home.root / "registry.before-0009.sqlite", age=DAY),
        write(home.evidence_rows("unused")),
    ]


def test_a_home_without_surplus_keeps_everything(full: Store, capsys: Capture) -> None:
    before = files(full.home)
    assert main(["gc"]) == ExitCode.OK
    assert capsys.readouterr().err == "nothing to free\n"
    assert files(full.home) == before


def test_surplus_is_listed_and_then_freed(full: Store, capsys: Capture) -> None:
    before = files(full.home)
    paths = {str(path) for path in surplus(full)}
    with_surplus = files(full.home)
    assert main(["gc", "--dry-run", "--json"]) == ExitCode.OK
    document = json.loads(capsys.readouterr().out)
    assert {row["path"] for row in document["freed"]} == paths and document["dry_run"]
    assert document["bytes"] == sum(row["bytes"] for row in document["freed"]) == 1000 * len(paths)
    assert files(full.home) == with_surplus
    assert main(["gc", "--dry-run"]) == ExitCode.OK
    announced = capsys.readouterr().out
    assert main(["gc"]) == ExitCode.OK
    out, err = capsys.readouterr()
    assert out == announced and err == "8.0 kB freed\n"
    assert out.splitlines()[-1].split() == ["total", "8.0", "kB"]
    assert files(full.home) == before
    assert not any(Path(path).exists() for path in paths)


def test_examples_stay_while_a_run_may_still_name_them(full: Store, capsys: Capture) -> None:
    unused = write(full.home.evidence_rows("unused"))
    attempt = start(full, LIVE)
    assert main(["gc"]) == ExitCode.OK and unused.exists()
    full.finish(LIVE.run_id, attempt, RunState.FAILED)
    assert main(["gc"]) == ExitCode.OK and not unused.exists()


def test_what_lies_behind_links_stays(full: Store, tmp_path: Path) -> None:
    elsewhere = write(tmp_path / "disk" / "best.safetensors").parent
    (full.home.runs / "0123456789").symlink_to(elsewhere)
    write(full.home.runs / "9876543210" / "log.txt")
    (full.home.runs / "9876543210" / "linked").symlink_to(elsewhere)
    assert main(["gc"]) == ExitCode.OK
    assert (full.home.runs / "0123456789" / "best.safetensors").exists()
    assert not (full.home.runs / "9876543210").exists()


def test_a_linked_folder_of_all_runs_is_left_alone(full: Store, tmp_path: Path) -> None:
    full.home.runs.rename(tmp_path / "runs")
    full.home.runs.symlink_to(tmp_path / "runs")
    last = write(full.home.checkpoint(DONE.run_id, "last"))
    assert main(["gc"]) == ExitCode.OK and last.exists()


def test_folders_stay_where_the_registry_knows_none_of_them(store: Store, home: Home) -> None:
    """As when SCALEARN_DB was forgotten."""
    of_another = write(home.runs / "0123456789" / "best.safetensors")
    assert main(["gc"]) == ExitCode.OK and of_another.exists()


def test_looking_makes_no_registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.setenv("SCALEARN_HOME", str(tmp_path / "none"))
    assert main(["gc"]) == ExitCode.OK
    assert "there is no registry" in capsys.readouterr().err and not (tmp_path / "none").exists()


def test_tokens_that_no_run_used_for_a_month_are_freed(full: Store, capsys: Capture) -> None:
    card = {"version": 0, "task": {"key": "toy/question", "max_length": 8}, "rows": "r", "splits": {}}
    entry = full.home.tokens / "toy-question-0123"
    write(entry / "card.json").write_text(json.dumps(card))
    assert main(["gc"]) == ExitCode.OK
    assert f"tokens  {entry}" in capsys.readouterr().out and not entry.exists()


def test_what_could_not_be_freed_is_not_listed(user_folder: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCALEARN_HOME", str(user_folder / "home"))
    store = open_store(Home.default())
    complete(store, DONE, 0.7)
    last = write(store.home.checkpoint(DONE.run_id, "last"))
    last.parent.chmod(0o500)
    assert main(["gc"]) == ExitCode.FAILURE
    out, err = capsys.readouterr()
    assert out == "" and "could not be removed (Permission denied); remove by hand" in err
