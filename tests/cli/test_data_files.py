"""The files of a request's tasks are opened before anything is queued."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine.catalog.catalog import BUILT_IN
from engine.catalog.task import HubData
from engine.registry.records import RunState
from engine.registry.store import Store
from scalearn_tui.cli.app import main
from scalearn_tui.cli.exits import ExitCode
from tests.material import SHARED
from tests.own_benchmarks.adding import Adding, Capture
from tests.own_benchmarks.shop import write_shop
from tests.reports.rows import PROVENANCE

GOOD: dict[str, list[Any]] = {
    "sentence1": [f"first {n}" for n in range(400)],
    "sentence2": [f"second {n}" for n in range(400)],
    "label": [n % 2 for n in range(400)],
}
SUBSET = SHARED / "cases" / "subset"
RUN = ["run", "--backbone", "minilm"]
ADAPTER = ["--method", "adapter"]
pytestmark = pytest.mark.usefixtures("supervised")


def write(folder: Path, **changes: list[Any] | None) -> Path:
    """``glue/rte`` below ``folder``, with these columns changed or left out in ``train``."""
    task = folder / "glue" / "rte"
    task.mkdir(parents=True, exist_ok=True)
    columns = {name: values for name, values in {**GOOD, **changes}.items() if values is not None}
    pq.write_table(pa.table(GOOD), task / "validation.parquet")
    pq.write_table(pa.table(columns), task / "train.parquet", row_group_size=100)
    return task / "train.parquet"


def refused(asked: list[str], capsys: Capture, method: Sequence[str] = ADAPTER) -> str:
    """The one line with which both a plan and a request are refused, while nothing is queued."""
    lines = set()
    for flag in ("--dry-run", "--detach"):
        capsys.readouterr()
        assert main([*RUN, *method, *asked, flag]) == ExitCode.USAGE
        out, err = capsys.readouterr()
        assert out == "" and err.startswith("scalearn: ") and len(err.strip().splitlines()) == 1
        lines.add(err.strip())
    assert main(["ls", "--json"]) == ExitCode.OK
    assert json.loads(capsys.readouterr().out) == {"schema": 1, "runs": []}
    (line,) = lines
    return line


def cut_at_the_end(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def cut_in_the_middle(file: Path) -> None:
    content = file.read_bytes()
    file.write_bytes(content[:500] + content[1500:])


def as_csv(file: Path) -> None:
    file.write_text("sentence1,sentence2,label\na,b,0\n", encoding="utf-8")


def empty(file: Path) -> None:
    file.write_bytes(b"")


def without_footer(file: Path) -> None:
    content = file.read_bytes()
    file.write_bytes(content[:-60] + b"\xff" * 52 + content[-8:])


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (cut_at_the_end, "train.parquet cannot be read as parquet; it is cut, damaged or"),
        (cut_in_the_middle, "train.parquet is cut: its footer describes more bytes than it has"),
        (as_csv, "train.parquet cannot be read as parquet; it is cut, damaged or"),
        (empty, "train.parquet cannot be read as parquet; it is cut, damaged or"),
        (without_footer, "train.parquet cannot be read"),
        (Path.unlink, "train.parquet, which does not exist; check --data-dir"),
    ],
)
def test_a_damaged_file_is_refused(
    spoil: Callable[[Path], None], message: str, tmp_path: Path, store: Store, capsys: Capture
) -> None:
    spoil(write(tmp_path))
    assert message in refused(["--target", "glue/rte", "--data-dir", str(tmp_path)], capsys)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sentence2": None}, "train.parquet has no column 'sentence2'; it has sentence1, label"),
        ({"label": None}, "train.parquet has no column 'label'"),
        ({"label": ["0", "1"] * 200}, "column 'label' must hold class ids 0 to 1, not string"),
        ({"sentence1": GOOD["label"]}, "column 'sentence1' must hold text, not int64"),
        ({"sentence1": ["a", None] * 200}, "column 'sentence1' has empty cells"),
        ({"label": [-1] * 400}, "column 'label' has the class id -1; glue/rte has 0 to 1"),
        ({name: [] for name in GOOD} | {"sentence1": pa.array([], pa.string())}, "train.parquet"),
    ],
)
def test_a_file_of_something_else_is_refused(
    changes: dict[str, Any], message: str, tmp_path: Path, store: Store, capsys: Capture
) -> None:
    write(tmp_path, **changes)
    assert message in refused(["--target", "glue/rte", "--data-dir", str(tmp_path)], capsys)


def test_a_file_without_rows_is_refused(tmp_path: Path, store: Store, capsys: Capture) -> None:
    pq.write_table(pa.table(GOOD).slice(0, 0), write(tmp_path))
    assert "train.parquet has no rows" in refused(["--target", "glue/rte", "--data-dir", str(tmp_path)], capsys)


def counted(asked: list[str], capsys: Capture) -> None:
    """Trainable parameters are counted in a process too, but once."""
    assert main(asked) == ExitCode.OK
    capsys.readouterr()


def test_one_bad_file_among_the_sources_is_enough(tmp_path: Path, store: Store, capsys: Capture) -> None:
    cut_at_the_end(write(tmp_path))
    shutil.copytree(tmp_path / "glue" / "rte", tmp_path / "glue" / "mrpc")
    write(tmp_path)
    asked = ["--target", "glue/rte", "--sources", "mrpc,rte", "--data-dir", str(tmp_path)]
    assert "glue/mrpc/train.parquet" in refused(asked, capsys, ["--method", "scalearn"])


def test_lines_of_a_published_dataset_are_checked(tmp_path: Path, store: Store, capsys: Capture) -> None:
    folder = tmp_path / "humset"
    folder.mkdir()
    row = {"excerpt": "a text", "sectors": ["Health"]}
    asked = ["--target", "humset/sectors", "--data-dir", str(tmp_path)]
    for split in ("train", "validation", "test"):
        (folder / f"{split}.jsonl").write_text(f"{json.dumps(row)}\n\n" * 3, encoding="utf-8")
    assert main([*RUN, *ADAPTER, *asked, "--dry-run", "--json"]) == ExitCode.OK
    (run,) = json.loads(capsys.readouterr().out)["runs"]
    assert run["rows"] == {"humset/sectors": {"train": 3, "validation": 3, "test": 3}}
    (folder / "test.jsonl").write_text(json.dumps({**row, "sectors": ["Helth"]}), encoding="utf-8")
    assert "test.jsonl:1: column 'sectors' has the label 'Helth'" in refused(asked, capsys)


@pytest.mark.skipif(not SUBSET.is_dir(), reason="the reported inputs are not beside this checkout")
def test_incomplete_splits_are_noted_as_they_were_read(tmp_path: Path, store: Store, capsys: Capture) -> None:
    for name, below in (("qqp", "glue"), ("copa", "super_glue")):
        shutil.copytree(SUBSET / name, tmp_path / below / name)
    asked = [*RUN, *ADAPTER, "--target", "glue/qqp", "--target", "superglue/copa", "--data-dir", str(tmp_path)]
    notes = [
        "glue/qqp: train 150 of 363,846 rows, validation 100 of 40,430 rows",
        "superglue/copa: train 60 of 400 rows, validation 40 of 100 rows",
    ]
    assert main([*asked, "--dry-run"]) == ExitCode.OK
    *noted, guess = capsys.readouterr().err.splitlines()
    assert noted == notes
    # Of the rows that there are, not of the 40,430.
    assert re.fullmatch(r"2 to train, in all ~\d\d:\d\d on one device; .*", guess)
    assert main([*asked, "--dry-run", "--json"]) == ExitCode.OK
    assert [run["rows"] for run in json.loads(capsys.readouterr().out)["runs"]] == [
        {"glue/qqp": {"train": 150, "validation": 100}},
        {"superglue/copa": {"train": 60, "validation": 40}},
    ]
    assert main([*asked, "--detach"]) == ExitCode.OK
    assert capsys.readouterr().err.splitlines()[:2] == notes
    assert len(store.runs()) == 2


def test_a_completed_run_says_what_it_read(tmp_path: Path, store: Store, capsys: Capture) -> None:
    asked = [*RUN, *ADAPTER, "--target", "glue/rte", "--data-dir", str(tmp_path)]
    write(tmp_path)
    assert main([*asked, "--detach"]) == ExitCode.OK
    (run,) = store.runs()
    attempt = store.claim(run.id, "local", "cpu")
    assert attempt is not None
    store.started(run.id, attempt)
    rows = {"glue/rte": {"train": 399, "validation": 400}}
    store.finish(run.id, attempt, RunState.COMPLETED, results={}, provenance={**PROVENANCE, "rows": rows})
    capsys.readouterr()
    assert main([*asked, "--dry-run", "--json"]) == ExitCode.OK
    out, err = capsys.readouterr()
    assert err == "" and [planned["rows"] for planned in json.loads(out)["runs"]] == [rows]


def test_files_of_the_hub_are_opened_where_they_are_here(
    tmp_path: Path, cache: Path, store: Store, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(cache))
    data = BUILT_IN.tasks["glue/rte"].data
    assert isinstance(data, HubData)
    folder = cache / f"datasets--{data.repo.replace('/', '--')}" / "snapshots" / data.revision / "rte"
    folder.mkdir(parents=True)
    for split in ("train", "validation"):
        shutil.copy(write(tmp_path), folder / f"{split}-00000-of-00001.parquet")
    line = refused(["--target", "glue/rte"], capsys)
    assert "has 400 rows, not the 2,490 of glue/rte; `scalearn data fetch glue` looks into it" in line


def test_generated_tasks_cost_no_process(store: Store, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = [*RUN, *ADAPTER, "--target", "toy/question", "--dry-run", "--json"]
    counted(asked, capsys)
    monkeypatch.setattr("sys.executable", "/no/such/python")
    assert main(asked) == ExitCode.OK
    (run,) = json.loads(capsys.readouterr().out)["runs"]
    assert run["rows"] == {}


def test_own_files_are_opened_where_they_changed_since_they_were_added(
    adding: Adding, store: Store, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    adding.rows(["good", "bad"] * 20)
    code, _, _ = adding.add(adding.declare())
    assert code == ExitCode.OK
    asked = ["--target", "own/t"]
    counted([*RUN, *ADAPTER, *asked, "--dry-run"], capsys)
    with monkeypatch.context() as patched:
        patched.setattr("sys.executable", "/no/such/python")
        assert main([*RUN, *ADAPTER, *asked, "--dry-run", "--json"]) == ExitCode.OK
    (run,) = json.loads(capsys.readouterr().out)["runs"]
    assert run["rows"] == {"own/t": {"train": 40}}
    adding.rows(["good", "bad"] * 15)
    assert main([*RUN, *ADAPTER, *asked, "--dry-run"]) == ExitCode.OK
    assert capsys.readouterr().err.splitlines() == ["own/t: train 30 of 40 rows"]
    adding.rows(["good", "bad", "awful"] * 10)
    assert '"awful" is not one of bad, good' in refused(asked, capsys)
    adding.file("rows.csv", "text\nnumber 1\n")
    assert "rows.csv has no column 'label'; it has text" in refused(asked, capsys)
    adding.file("rows.csv", "")
    assert "rows.csv is empty; its first line must name the columns" in refused(asked, capsys)


def test_own_files_of_all_kinds_are_opened(tmp_path: Path, store: Store, capsys: Capture) -> None:
    declaration = write_shop(tmp_path)
    assert main(["benchmarks", "add", str(declaration)]) == ExitCode.OK
    for path in tmp_path.glob("*.jsonl"):
        path.write_text(path.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    capsys.readouterr()
    assert main([*RUN, *ADAPTER, "--target", "shop/next", "--target", "shop/topics", "--dry-run", "--json"]) == ExitCode.OK
    out, err = capsys.readouterr()
    assert err == "" and [run["rows"] for run in json.loads(out)["runs"]] == [
        {"shop/next": {"train": 40, "test": 4}},
        {"shop/topics": {"train": 40, "dev": 6, "test": 5}},
    ]
    (tmp_path / "topics_test.jsonl").write_text('{"text": "a"}\n', encoding="utf-8")
    assert "topics_test.jsonl has no column 'topics'" in refused(["--target", "shop/topics"], capsys)
    (tmp_path / "topics.parquet").write_bytes(b"text,topics\n")
    assert "topics.parquet cannot be read as parquet" in refused(["--target", "shop/topics"], capsys)
