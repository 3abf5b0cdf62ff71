"""The statements of the reader, on every kind of connection, against the tables that the migrations make."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import fields
from typing import Any

import pytest

from engine.errors import UserError
from engine.files.home import Home
from engine.registry.opening import open_reader
from engine.registry.reading import Reader
from engine.registry.records import Checkpoint, Event, Evidence, Metric, Run, RunState, Source, Sweep, Tag
from engine.registry.store import Store, open_store
from engine.registry.tables import CHECKPOINT, EVENT, EVIDENCE, METRIC, RUN, SOURCE, SWEEP, TAG
from tests.registry.rows import point, run

A, B, C = (run(number).id for number in (1, 2, 3))
HEAVY = ("sqlalchemy", "sqlmodel", "alembic", "torch", "numpy", "textual", "transformers", "datasets")


@pytest.mark.parametrize(
    ("kind", "table"),
    [
        (Run, RUN),
        (Source, SOURCE),
        (Metric, METRIC),
        (Checkpoint, CHECKPOINT),
        (Evidence, EVIDENCE),
        (Tag, TAG),
        (Event, EVENT),
        (Sweep, SWEEP),
    ],
)
def test_records_have_the_columns_of_their_tables(kind: Any, table: Any) -> None:
    declared = {column.name: "None" in str(column.type) or str(column.type) == "Document" for column in fields(kind)}
    assert list(declared) == table.columns.keys() and kind.__name__.lower() == table.name
    for column in table.columns:
        assert column.nullable <= declared[column.name], column.name


@pytest.fixture
def filled(store: Store) -> Store:
    return fill(store)


def fill(store: Store) -> Store:
    """C waits for A, which is completed, and B, which failed."""
    edges = [Source(C, 0, A, "toy/topics"), Source(C, 1, B, "toy/choice")]
    store.add([run(1, target="glue/rte"), run(2), run(3, method="scalearn")], edges)
    for run_id, state in ((A, RunState.COMPLETED), (B, RunState.FAILED)):
        attempt = store.claim(run_id, "local", "cpu")
        assert attempt
        store.started(run_id, attempt, provenance={"device": "cpu", "rows": {}})
        store.progress(run_id, attempt, [point(run_id, step, 0.5) for step in range(3)], step=3, loss=0.25)
        store.progress(run_id, attempt, [point(run_id, step, 0.5 * step, name="system/cpu") for step in (5, 10)])
        store.checkpointed(run_id, attempt, Checkpoint(run_id, "best", 2, 1, "x", 3_000_000_000))
        store.answered(run_id, attempt, Evidence(run_id, "toy/topics", "dev", 1, "r", "l", 10))
        store.finish(run_id, attempt, state, results={"toy/topics": {"test": {"accuracy": 0.5}}})
    store.tag([A, B], add=["paper"])
    store.register(Sweep(name="paper", file="/paper.toml", text="", requests=[{"seeds": [0]}], cells=[{"run": C}]))
    return store


QUESTIONS: dict[str, Callable[[Reader], Any]] = {
    "all": lambda reader: reader.runs(),
    "some": lambda reader: reader.runs(ids=[A, C], states=[RunState.COMPLETED, RunState.QUEUED]),
    "none of the ids": lambda reader: reader.runs(ids=[]),
    "by name": lambda reader: reader.runs(method="adapter", backbone="minilm", benchmark="toy", target="glue/rte", limit=1),
    "states": lambda reader: reader.states([A, B, "unknown"]),
    "sources of these alone": lambda reader: (reader.sources_of_these_alone([C]), reader.sources_of_these_alone([])),
    "sweeps": lambda reader: [(sweep.name, sweep.cells, sweep.created_at) for sweep in reader.sweeps()],
    "no sweep": lambda reader: reader.sweep("other"),
    "newest": lambda reader: reader.find("@1"),
    "prefix": lambda reader: reader.find(A),
    "count": lambda reader: (reader.count(), reader.version()),
    "changes": lambda reader: reader.changed_since(2),
    "queued": lambda reader: reader.queued(),
    "awaited": lambda reader: reader.awaited(),
    "any run": lambda reader: (reader.any_run([RunState.FAILED]), reader.any_run([RunState.LOST, RunState.RUNNING])),
    "ready": lambda reader: (reader.ready(), reader.ready(limit=1)),
    "peaks": lambda reader: reader.peaks([A, C]),
    "blocked": lambda reader: reader.blocked(),
    "aliases": lambda reader: (reader.aliases(), reader.is_known_as(run(1), "nothing")),
    "sources": lambda reader: reader.sources(C),
    "curve": lambda reader: (reader.metrics(A), reader.curve(A, "train/loss", after=0)),
    "load": lambda reader: reader.load(A),
    "results": lambda reader: reader.results([A, B, C]),
    "headlines": lambda reader: reader.headlines(),
    "checkpoints": lambda reader: reader.checkpoints(A),
    "evidence": lambda reader: (reader.evidence(B), reader.with_evidence([A, B, C])),
    "tags": lambda reader: (reader.tags(), reader.tags([B, C])),
    "events": lambda reader: reader.events(B),
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_every_connection_gives_the_same_answers(question: str, filled: Store) -> None:
    """SQLite's own, and the one of other databases."""
    ask, reader = QUESTIONS[question], open_reader(filled.home)
    assert type(reader) is Reader and repr(ask(reader)) == repr(ask(filled))
    reader.close()


def without_times(answer: Any) -> str:
    """As text; two registries were not filled at the same moment."""
    text = repr(sorted(answer.items()) if isinstance(answer, dict) else answer)
    return re.sub(r"datetime\.datetime\([^)]*\)|created=[\d.]+", "TIME", text)


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_server_gives_the_same_answers(
    question: str, filled: Store, postgresql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCALEARN_DB", postgresql)
    of_server, ask = fill(open_store(filled.home)), QUESTIONS[question]
    assert of_server._engine.dialect.name == "postgresql"
    assert without_times(ask(of_server)) == without_times(ask(filled))


def test_the_load_of_a_run_is_that_of_its_curves_of_the_system(filled: Store) -> None:
    assert filled.load(A) == {"cpu": (3.75, 5.0)} and filled.load(C) == {}


def test_runs_in_a_state_are_known_without_reading_them(filled: Store) -> None:
    assert filled.any_run([RunState.FAILED, RunState.LOST]) and not filled.any_run([RunState.LOST, RunState.RUNNING])


def test_a_waiting_run_is_not_ready_before_its_sources(filled: Store) -> None:
    reader = open_reader(filled.home)
    assert [waiting.id for waiting in reader.ready()] == []
    assert [(run_id, source.id, source.provenance) for run_id, source in reader.blocked()] == [
        (C, B, {"device": "cpu", "rows": {}})
    ]
    assert [found.id for found in reader.runs(target="glue/rte")] == [A]


def test_thousands_of_ids(filled: Store) -> None:
    for reader in (filled, open_reader(filled.home)):
        assert len(reader.runs(ids=[A, *(f"{number:010x}" for number in range(9, 20_000))])) == 1


def test_where_there_is_no_registry_nothing_is_made_until_one_is(home: Home) -> None:
    reader = open_reader(home)
    assert (reader.runs(), reader.count(), reader.version(), reader.results(["x"])) == ([], 0, 0, {})
    with pytest.raises(UserError, match="@1 is the newest of 0"):
        reader.find("@1")
    assert not home.root.exists()
    open_store(home).add([run(1)], [])
    assert [found.id for found in reader.runs()] == [A]


def test_a_newer_registry_is_shown_as_far_as_it_is_known(filled: Store) -> None:
    with filled._write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
        connection.exec_driver_sql("ALTER TABLE run ADD COLUMN later TEXT")
    reader = open_reader(filled.home)
    assert "of a newer version (9999)" in reader.doubt and reader.count() == len(reader.runs()) == 3
    with filled._write() as connection:
        connection.exec_driver_sql("ALTER TABLE evidence RENAME COLUMN bytes TO octets")
    with pytest.raises(UserError, match="of a newer version"):
        reader.evidence(A)


@pytest.mark.parametrize("command", [["ls"], ["show", A], ["leaderboard"], ["adapters", "ls"], ["logs", A], ["sweep", "ls"]])
def test_looking_needs_nothing_that_writes(command: list[str], store: Store) -> None:
    from tests.reports.rows import complete, spec

    known = spec("adapter", "toy/question", backbone="minilm")
    complete(store, known, 0.5)
    code = f"""if True:
        import sys
        from scalearn_tui.cli.app import main
        code = main({[known.run_id if word == A else word for word in command]!r})
        print(sorted(set({HEAVY!r}) & set(sys.modules)), file=sys.stderr)
        sys.exit(code)
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr.splitlines()[-1]) == (0, "[]"), done.stderr
