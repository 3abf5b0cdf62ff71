"""Every command on homes in every bad state: an answer or one line, never a traceback."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager

import pytest
from typer.main import get_command

from engine.files.home import Home
from engine.registry import connection, rows
from engine.registry.records import Sweep
from engine.registry.store import Store
from scalearn_tui.cli.app import app, main
from tests.registry.namespaces import FULL, READ_ONLY, needs_mounts, on
from tests.reports.rows import complete, queue, spec

DONE = spec("adapter", "toy/question", backbone="minilm")
WAITING = spec("adapter", "toy/topics", backbone="minilm")
SMALL = Sweep(
    name="small",
    file="/small.toml",
    text='name = "small"\nmethods = "adapter"\ntargets = "toy/choice"\nbackbones = "minilm"',
    requests=[],
    cells=[],
)
COMMANDS: dict[str, list[str]] = {
    "adapters export": [DONE.run_id, "adapter.safetensors"],
    "adapters import": ["nothing.safetensors"],
    "adapters ls": [],
    "backbones": [],
    "bundle": [DONE.run_id, "/dev/null/runs.zip"],
    "benchmarks add": ["nothing.toml"],
    "benchmarks ls": [],
    "benchmarks remove": ["nothing"],
    "compare": ["adapter", "lora"],
    "config show": [],
    "data fetch": ["toy"],
    "data ls": [],
    "data prune": ["--dry-run"],
    "db recover": [],
    "db restore": [],
    "delete": ["--yes", DONE.run_id],
    "doctor": [],
    "figure": ["efficiency"],
    "gc": ["--dry-run"],
    "import": ["nothing.zip"],
    "leaderboard": [],
    "logs": [DONE.run_id],
    "ls": [],
    "methods": [],
    "note": [DONE.run_id, "worth knowing"],
    "predict": [DONE.run_id, os.devnull],
    "queue ls": [],
    "queue move": [WAITING.run_id, "--priority", "2"],
    "queue pause": [],
    "queue resume": [],
    "resume": [WAITING.run_id],
    "reproduce": ["humset", "--backbone", "minilm", "--data-dir", os.devnull],
    "results": [],
    "run": ["-m", "adapter", "-t", "toy/choice", "-b", "minilm", "--dry-run"],
    "show": [DONE.run_id],
    "stop": [WAITING.run_id],
    "sweep diff": [os.devnull],
    "sweep ls": [],
    "sweep new": ["/dev/null/small.toml", "-m", "adapter", "-t", "toy/choice", "-b", "minilm"],
    "sweep plan": ["small"],
    "sweep rm": ["small", "--yes"],
    "sweep run": ["small", "--detach"],
    "sweep show": ["small"],
    "sweep stop": ["small"],
    "tag": [DONE.run_id, "--add", "paper"],
    "tasks": [],
    "verify": ["nothing.zip"],
    "wait": [DONE.run_id],
}
STARTS_A_CHILD = ("adapters export", "adapters import", "bundle", "import", "predict", "verify")
"""Which takes seconds to load what trains, and waits for a lock as long as users would: one state of all is enough for them."""
LOOKS = (
    "adapters ls", "backbones", "benchmarks ls", "config show", "data ls", "figure", "leaderboard", "logs", "ls", "methods",
    "queue ls", "results", "run", "show", "sweep ls", "sweep plan", "sweep show", "tasks", "wait",
)  # fmt: skip
ANSWERED = (0, 1, 2, 3)
Answer = tuple[int | None, str, str]


def leaves(command: object, name: str = "") -> Iterator[str]:
    for child, inner in getattr(command, "commands", {}).items():
        yield from leaves(inner, f"{name} {child}".strip())
    if not hasattr(command, "commands"):
        yield name


def test_all_commands_are_tried() -> None:
    # Only the windows that `serve` opens read a home, as the dashboard does.
    assert set(leaves(get_command(app))) - {"serve"} == set(COMMANDS)


@contextmanager
def locked(home: Home) -> Iterator[None]:
    """Another program has the whole file, as ``VACUUM`` does."""
    with closing(sqlite3.connect(home.database, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode=EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        other.execute("UPDATE clock SET value = value + 1")
        yield


@contextmanager
def newer(home: Home) -> Iterator[None]:
    with closing(sqlite3.connect(home.database)) as other, other:
        other.execute("UPDATE alembic_version SET version_num = '9999'")
    yield


@contextmanager
def damaged(home: Home) -> Iterator[None]:
    home.database.write_bytes(b"this is no database" * 100)
    yield


@contextmanager
def gone(home: Home) -> Iterator[None]:
    shutil.rmtree(home.root)
    yield


def here(commands: Sequence[list[str]], capsys: pytest.CaptureFixture[str]) -> list[Answer]:
    answers = []
    for command in commands:
        code = main(command)
        answers.append((code, *capsys.readouterr()))
    return answers


def check(answers: dict[str, Answer], looked_at: bool) -> None:
    for name, (code, out, err) in answers.items():
        problem = f"{name}: {code} {err}"
        assert code in ANSWERED and "Traceback" not in err and "Error" not in err, problem
        if looked_at and name in LOOKS:
            assert code == 0, problem
        if code in (1, 2) and name != "doctor":
            assert err.splitlines()[-1].startswith("scalearn: ") and not out, problem
            assert len(err.splitlines()) <= 2, problem


def asked(without: Sequence[str] = ()) -> dict[str, list[str]]:
    return {name: [*name.split(), *arguments] for name, arguments in COMMANDS.items() if name not in without}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr(connection, "BUSY_SECONDS", 0.1)
    monkeypatch.setattr(rows, "PATIENCE", 0.1)


@pytest.mark.parametrize("state", [locked, newer, damaged, gone])
def test_homes_in_a_bad_state(state: Callable[[Home], object], store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    complete(store, DONE, 0.75, trainable=1000)
    store.register(SMALL)
    queue(store, WAITING)
    store.close()
    commands = asked(() if state is newer else STARTS_A_CHILD)
    with state(store.home):  # type: ignore[attr-defined]
        answers = dict(zip(commands, here(list(commands.values()), capsys), strict=True))
    check(answers, looked_at=state is newer)


@pytest.mark.parametrize("mount", [READ_ONLY, FULL], ids=["read-only", "full"])
@needs_mounts
def test_homes_that_cannot_be_written(mount: str, store: Store) -> None:
    complete(store, DONE, 0.75, trainable=1000)
    store.register(SMALL)
    store.close()
    answers = dict(zip(COMMANDS, on(mount, store.home.root, *asked().values()), strict=True))
    check(answers, looked_at=True)
