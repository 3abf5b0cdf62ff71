"""What a bundle holds: the runs that were asked for and what they read, the same bytes every time, no labels that must stay."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.bundles.importing import import_bundle
from engine.bundles.temporary import temporary_store
from engine.bundles.writing import Wanted, write_bundle
from engine.catalog.catalog import BUILT_IN
from engine.errors import UserError
from engine.files.evidence import write_logits, write_rows
from engine.metrics.scoring import score
from engine.registry.records import Evidence, RunState
from engine.registry.store import Store
from tests.bundles.conftest import verified
from tests.bundles.forging import MANIFEST, Parts
from tests.reports.rows import PROVENANCE, complete, queue, spec, start

BOOLQ, HUMSET = "superglue/boolq", "humset/sectors"


def write(store: Store, path: Path, **fields: bool) -> dict:
    return write_bundle(store, BUILT_IN, Wanted(store.runs(), **fields), path, "0")


def answered(store: Store, task_key: str, seed: int = 0, rows: int = 12) -> str:
    """A completed run with answers that fit its results."""
    task, run = BUILT_IN.tasks[task_key], spec("adapter", task_key, seed)
    attempt, generator = start(store, run), np.random.default_rng(seed)
    width, results = len(task.labels), {}
    for split in ("dev", "test"):
        ids = np.arange(rows * 16, dtype=np.uint8).reshape(rows, 16)
        labels = (np.arange(rows * width).reshape(rows, width) % 3 == 0).astype(np.float32)
        labels = labels if task.kind == "multilabel" else np.arange(rows) % width
        arrays = {"row_id": ids, "label": labels, "cluster": np.arange(rows)}
        logits = generator.normal(size=(rows, width)).astype(np.float32)
        sha256 = write_rows(store.home, arrays)
        header = {"run": run.fingerprint, "checkpoint": "", "task": task_key, "split": split, "kind": task.kind}
        header |= {"epoch": "1", "rows": sha256}

        def note(digest: str, size: int, split: str = split, sha256: str = sha256) -> None:
            store.answered(run.run_id, attempt, Evidence(run.run_id, task_key, split, 1, sha256, digest, size))

        write_logits(store.home.evidence(run.run_id, task_key, split), logits, header, note)
        results[split] = score(task, logits, labels)
    store.finish(run.run_id, attempt, RunState.COMPLETED, results={task_key: results}, provenance=PROVENANCE)
    return run.run_id


def test_two_bundles_of_the_same_runs_are_equal(trainer: Store, tmp_path: Path) -> None:
    write(trainer, tmp_path / "one.zip")
    write(trainer, tmp_path / "two.zip")
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


def test_sources_come_along_and_are_not_in_the_table(bundled: Path, parts: Parts) -> None:
    assert [run["role"] for run in parts.runs] == ["source"] * 2 + ["target"] * 4
    (table,) = parts.json("table.json")["leaderboard"]["tables"]
    assert [row["method"] for row in table["rows"] if row["method"]] == ["scalearn++"]
    declared = parts.json(MANIFEST)["declared"]
    assert declared["seeds"] == [0, 1] and sorted(len(cell["runs"]) for cell in declared["cells"]) == [2, 2]


def test_no_folder_of_this_machine_is_in_a_line(parts: Parts, tiny_backbone: Path) -> None:
    assert str(tiny_backbone.parent).encode() not in parts["runs.jsonl"].replace(
        *(text.encode() for text in (f"--backbone {tiny_backbone}", ""))
    )
    assert {run["spec"]["backbone"] for run in parts.runs} == {tiny_backbone.name}


def test_commands_train_the_same_runs(parts: Parts) -> None:
    lines = parts["commands.txt"].decode().splitlines()
    assert len(lines) == 2 and all("--method scalearn++" in line and line.endswith("--seed 0,1") for line in lines)
    assert all("--limit train=16" in line and "--set epochs=1" in line for line in lines)


def test_runs_without_answers_are_noted(store: Store, tmp_path: Path) -> None:
    run_id = complete(store, spec("adapter", BOOLQ), 0.7).run_id
    assert f"no answers were kept of {run_id}" in write(store, tmp_path / "runs.zip")["notes"][0]
    found = verified(tmp_path / "runs.zip")
    assert found.wrong == [] and any(run_id in line for line in found.unchecked)


def test_labels_that_must_not_be_passed_on(store: Store, tmp_path: Path) -> None:
    run_id = answered(store, HUMSET)
    written = write(store, tmp_path / "runs.zip")
    assert "the labels of humset/sectors must not be passed on" in written["notes"][0]
    rows = [name for name in Parts.of(tmp_path / "runs.zip") if name.startswith("rows/")]
    assert rows and not any(b'"label"' in Parts.of(tmp_path / "runs.zip")[name] for name in rows)
    found = verified(tmp_path / "runs.zip")
    assert found.wrong == [] and any("need the data (--data-dir)" in line for line in found.unchecked)
    with temporary_store() as elsewhere:
        assert import_bundle(tmp_path / "runs.zip", elsewhere, BUILT_IN).without_labels == [run_id]
        assert elsewhere.evidence(run_id) == [] and elsewhere.results([run_id]) == store.results([run_id])


def test_answers_of_other_tasks_have_their_labels(store: Store, tmp_path: Path) -> None:
    answered(store, BOOLQ)
    write(store, tmp_path / "runs.zip")
    found = verified(tmp_path / "runs.zip")
    assert found.wrong == [] and [line for line in found.unchecked if "answers" in line] == []


def test_unfinished_runs_and_files_that_exist_are_refused(store: Store, tmp_path: Path) -> None:
    complete(store, spec("adapter", BOOLQ), 0.7)
    (tmp_path / "here.zip").touch()
    for name, told in (("here.zip", "exists"), ("runs.tar", "does not end in .zip"), ("none/runs.zip", "make it first")):
        with pytest.raises(UserError, match=told):
            write(store, tmp_path / name)
    with pytest.raises(UserError, match="leave out --checkpoints"):
        write(store, tmp_path / "runs.zip", anonymous=True, checkpoints=True)
    queued = queue(store, spec("adapter", BOOLQ, 1))
    with pytest.raises(UserError, match=rf"{queued.id} is queued; .*state:completed"):
        write(store, tmp_path / "runs.zip")
    assert not (tmp_path / "runs.zip").exists()


def test_damaged_evidence_is_not_bundled(store: Store, tmp_path: Path) -> None:
    path = store.home.evidence(answered(store, BOOLQ), BOOLQ, "test")
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(UserError, match="put back a copy"):
        write(store, tmp_path / "runs.zip")
    assert list(tmp_path.glob("*.zip")) == []
