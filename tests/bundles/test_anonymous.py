"""A bundle for a review says nothing of who trained its runs, where and when, and is checked like any other."""

from __future__ import annotations

import getpass
import json
import re
import socket
from pathlib import Path

import pytest

from engine.bundles.anonymous import Anonymous, refuse_private
from engine.bundles.importing import import_bundle
from engine.bundles.portable import record_of
from engine.bundles.temporary import temporary_store
from engine.bundles.writing import Wanted, write_bundle
from engine.catalog.catalog import BUILT_IN
from engine.catalog.task import OwnData, TaskInfo
from engine.errors import UserError
from engine.files.home import Home
from engine.registry.records import Sweep
from engine.registry.store import Store
from engine.runs.spec import fingerprint_of, group_of, own_records
from tests.bundles.conftest import verified
from tests.bundles.forging import Parts
from tests.reports.rows import complete, spec

SECRETS = ("Ann's note", "ann-tag", "lab3.example.org", "/data/ann", "0123456789abcdef0123456789abcdef01234567")


@pytest.fixture
def anonymous(trainer: Store, tmp_path: Path) -> Path:
    """Runs with all that tells of their origin."""
    path = tmp_path / "anonymous.zip"
    runs = [run for run in trainer.runs() if run.method == "scalearn++"]
    trainer.tag([run.id for run in runs], ["ann-tag"])
    for run in runs:
        run.note = SECRETS[0]
        run.provenance = {**run.provenance, "git_commit": SECRETS[4], "host": SECRETS[2], "folder": SECRETS[3]}
    write_bundle(trainer, BUILT_IN, Wanted(runs, anonymous=True), path, "0")
    trainer.tag([run.id for run in runs], (), ["ann-tag"])
    return path


def test_nothing_tells_of_its_origin(anonymous: Path, trainer: Store) -> None:
    words = [*SECRETS, getpass.getuser(), socket.gethostname(), str(Path.home()), str(trainer.home.root), str(Path.cwd())]
    parts = Parts.of(anonymous)
    years = {run.created_at.year for run in trainer.runs()}
    for name, data in parts.items():
        # Numbers of arrays are no words.
        data = data[8 : 8 + int.from_bytes(data[:8], "little")] if name.endswith(".safetensors") else data
        for word in words if name != "readme.txt" else ():
            assert not re.search(rb"(?<!\w)" + re.escape(word.encode()) + rb"(?!\w)", data), (name, word)
        assert not re.search(rb"[\w.]+@[\w.]+|/home/|/Users/|\b\d+\.\d+\.\d+\.\d+\b", data), name
        assert not any(f"{year}-".encode() in data for year in years), name
    assert parts.json("manifest.json")["anonymous"] is True
    assert "system/" not in parts["curves.csv"].decode()
    assert all(run["command"] == "" and run["tags"] == [] and run["note"] is None for run in parts.runs)


def test_it_is_verified_and_imported_as_any_other(anonymous: Path, trainer: Store, tmp_path: Path) -> None:
    assert verified(anonymous).wrong == []
    with temporary_store() as elsewhere:
        imported = import_bundle(anonymous, elsewhere, BUILT_IN)
        assert len(imported.new) == 6
        for run in elsewhere.runs():
            assert run.fingerprint == trainer.find(run.id).fingerprint
            assert elsewhere.results([run.id]) == trainer.results([run.id])


def test_the_order_of_runs_stays(anonymous: Path, trainer: Store) -> None:
    times = {run["id"]: run["created_at"] for run in Parts.of(anonymous).runs}
    assert sorted(times, key=lambda key: (times[key], key)) == sorted(
        times, key=lambda key: (trainer.find(key).created_at, key)
    )


@pytest.mark.parametrize("text", ["mail ann@lab.example", "/home/ann/x", "10.0.0.7", getpass.getuser()])
def test_what_is_left_by_mistake_aborts(store: Store, text: str) -> None:
    members = Parts({"runs.jsonl": json.dumps({"left": text}).encode()})
    with pytest.raises(UserError, match=r"nothing was written: runs.jsonl would still hold"):
        refuse_private(members, store.home)
    refuse_private(
        Parts({"runs.jsonl": b'{"versions": {"torch": "2.13.0+cpu"}, "value": 0.12}'}), Home(Path("/nowhere-at-all"))
    )


def own_task() -> TaskInfo:
    return TaskInfo(
        "clinic", "triage", "Triage at St. Ann's", "classification", "plain", ("text",), ("accuracy", "macro_f1"),
        labels=("urgent", "routine"), data=OwnData((("train", "/data/ann/triage.csv"),), "{complaint}", label="verdict"),
    )  # fmt: skip


def test_tasks_of_somebodys_own_get_other_names(store: Store) -> None:
    task = own_task()
    base = spec("adapter", "toy/question", backbone="minilm")
    own = base.model_copy(update={"targets": (task.key,), "data": {task.key: "sha256:" + "1" * 64}, "own": own_records([task])})
    complete(store, own, 0.7)
    sweep = Sweep(name="clinic-2026", file="/data/ann/a.toml", text="secret", requests=[{}], cells=[
        {"run": own.run_id, "method": "adapter", "target": task.key, "seed": 0, "setting": "sources=triage", "shots": None,
         "backbone": "/data/ann/minilm", "search": None, "trial": None, "candidates": []}
    ])  # fmt: skip
    record = record_of(store, store.find(own.run_id), BUILT_IN, "target", checkpoint=False)
    anonymous = Anonymous([record], sweep)
    (line,) = anonymous.records
    text = line.model_dump_json() + json.dumps(anonymous.sweep)
    secrets = ("clinic", "triage", "Ann", "urgent", "routine", "complaint", "verdict", "secret", "/data")
    assert [word for word in secrets if word in text] == []
    assert line.spec.targets == ("own1/task1",) and set(line.results) == {"own1/task1"}
    assert line.definitions is not None and line.fingerprint == fingerprint_of(line.spec, line.definitions)
    assert (line.id, line.group_id) == (line.fingerprint[:10], group_of(line.spec, line.definitions))
    assert anonymous.sweep is not None and anonymous.sweep["cells"][0]["run"] == line.id
