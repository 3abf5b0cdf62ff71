"""One lab trains an adapter, another one transfers from it without its data: the whole way, with real processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine.registry.store import Store
from scalearn_tui.cli.app import main
from scalearn_tui.cli.exits import ExitCode
from scalearn_tui.text.suggestions import FIRST_ADAPTER

from ..plans.requests import needs_minilm
from ..reports.rows import complete, queue, spec

Scalearn = Callable[..., subprocess.CompletedProcess[str]]
BUDGET = ("--epochs", "1", "--limit", "train=32", "--limit", "test=16")


@pytest.fixture
def scalearn(tmp_path: Path) -> Iterator[Scalearn]:
    """A command in the home of a lab, offline; its processes end with the test."""

    def command(lab: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {"SCALEARN_HOME": str(tmp_path / lab), "HF_HUB_CACHE": str(tmp_path / "hub"), "HF_HUB_OFFLINE": "1"}
        words = [sys.executable, "-m", "scalearn_tui", *arguments]
        env = {**os.environ, "OMP_NUM_THREADS": "1", **environment}
        return subprocess.run(words, capture_output=True, text=True, timeout=300, env=env, check=False)

    yield command
    ours = [
        process
        for process in psutil.process_iter(["cmdline"])
        if any(str(tmp_path) in word for word in process.info["cmdline"] or [])
    ]
    for process in ours:
        process.kill()


@pytest.fixture
def rte(tmp_path: Path) -> Path:
    """A data folder with a few rows of glue/rte."""
    columns = {
        "sentence1": [f"it was good {number}" for number in range(40)],
        "sentence2": ["it was great" if number % 2 else "it was bad" for number in range(40)],
        "label": [number % 2 for number in range(40)],
    }
    folder = tmp_path / "rows" / "glue" / "rte"
    folder.mkdir(parents=True)
    for split in ("train", "validation"):
        pq.write_table(pa.table(columns), folder / f"{split}.parquet")
    return tmp_path / "rows"


def test_another_lab_transfers_from_an_adapter_without_its_rows(
    scalearn: Scalearn, rte: Path, tiny_backbone: Path, tmp_path: Path
) -> None:
    trained = scalearn("one", "run", "-m", "adapter", "-t", "rte", "-b", str(tiny_backbone), "--data-dir", str(rte), *BUDGET)
    assert trained.returncode == ExitCode.OK, trained.stderr
    exported = scalearn("one", "adapters", "export", "@1", str(tmp_path / "outgoing"))
    assert exported.returncode == ExitCode.OK, exported.stderr
    artefact = exported.stdout.strip()
    assert Path(artefact).name.startswith("glue-rte-adapter-")

    imported = scalearn("two", "adapters", "import", artefact)
    assert imported.returncode == ExitCode.OK, imported.stderr
    source = imported.stdout.split()[0]
    assert f"--sources {source},TASK --backbone FOLDER" in imported.stderr
    again = scalearn("two", "adapters", "import", artefact, "--json")
    assert json.loads(again.stdout)["run"] == source, again.stderr
    (listed,) = json.loads(scalearn("two", "adapters", "ls", "--json").stdout)["adapters"]
    assert (listed["run"], listed["task"], listed["origin"]) == (source, "glue/rte", "imported")
    assert listed["metric"] == "accuracy" and 0 <= listed["value"] <= 1 and listed["limits"] == {"test": 16, "train": 32}

    request = ("run", "-m", "scalearn++", "-t", "toy/question", "-b", str(tiny_backbone), *BUDGET)
    refused = scalearn("two", *request, "--sources", "rte,question")
    assert refused.returncode == ExitCode.USAGE and "the data of glue/rte" in refused.stderr
    transferred = scalearn("two", *request, "--sources", f"{source},question", "--json")
    assert transferred.returncode == ExitCode.OK, transferred.stderr
    (run,) = [candidate for candidate in json.loads(transferred.stdout)["runs"] if candidate["method"] == "scalearn++"]
    assert (run["state"], run["sources"]) == ("completed", ["glue/rte", "toy/question"])


def test_a_refused_file_is_one_line_and_exit_code_2(scalearn: Scalearn, tmp_path: Path) -> None:
    (tmp_path / "adapter.bin").write_bytes(b"\x80\x04.")
    answer = scalearn("one", "adapters", "import", str(tmp_path / "adapter.bin"))
    assert answer.returncode == ExitCode.USAGE and answer.stdout == ""
    (line,) = answer.stderr.splitlines()
    assert line.startswith(f"scalearn: {tmp_path / 'adapter.bin'}: pickles are never opened")


@needs_minilm
def test_a_plan_shows_a_source_that_is_named_by_its_run(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    source = complete(store, spec("adapter", "glue/rte", backbone="minilm"), 0.7).run_id
    request = ["run", "-m", "scalearn++", "-t", "toy/question", "-b", "minilm", "--sources", f"{source},question", "--dry-run"]
    assert main(request) == ExitCode.OK
    rows = [line.split() for line in capsys.readouterr().out.splitlines()[1:]]
    assert [(row[0], row[-1]) for row in rows] == [("source", "done"), ("source", "new"), ("target", "new")]
    assert rows[0][1:5] == [source, "Adapter", "minilm", "glue/rte"]
    assert main([*request, "--json"]) == ExitCode.OK
    assert [run["id"] for run in json.loads(capsys.readouterr().out)["runs"]] == [row[1] for row in rows]


def test_ls_lists_completed_source_adapters(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["adapters", "ls"]) == ExitCode.OK
    assert f"no source adapters yet; train one: {FIRST_ADAPTER}" in capsys.readouterr().err
    done = complete(store, spec("adapter", "glue/rte", shots=16), 0.7, trainable=1_500_000, transfer=900_000)
    complete(store, spec("lora", "glue/rte"), 0.7)
    queue(store, spec("adapter", "glue/cola"))
    assert main(["adapters", "ls"]) == ExitCode.OK
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["run", "task", "backbone", "seed", "metric", "parameters", "size", "origin", "limits"]
    expected = f"{done.run_id} glue/rte roberta-base 0 test accuracy 70.00 900k –B trained here 16 shots"
    assert [line.split() for line in lines[1:]] == [expected.split()]


def test_ls_has_settings_where_adapters_would_look_alike(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    usual = complete(store, spec("adapter", "glue/rte"), 0.7)
    complete(store, spec("adapter", "glue/rte", 1, limits={"train": 500}), 0.7)
    assert main(["adapters", "ls"]) == ExitCode.OK
    assert "settings" not in capsys.readouterr().out, "the seeds tell them apart"
    fast = complete(store, spec("adapter", "glue/rte", learning_rate=1e-3, limits={"train": 500}), 0.7)
    assert main(["adapters", "ls"]) == ExitCode.OK
    heading, *rows = capsys.readouterr().out.splitlines()
    assert heading.split()[-2:] == ["limits", "settings"]
    told = {row.split()[0]: row[heading.index("limits") :].split() for row in rows}
    assert (told[usual.run_id], told[fast.run_id]) == ([], ["train=500", "learning_rate=0.001"])
    assert main(["adapters", "ls", "--json"]) == ExitCode.OK
    listed = {adapter["run"]: adapter for adapter in json.loads(capsys.readouterr().out)["adapters"]}[fast.run_id]
    assert listed["settings"] == {"learning_rate": "0.001", "limit train": "500"} and listed["limits"] == {"train": 500}
    assert listed["hyperparameters"] == fast.hyperparameters and listed["group_id"] == fast.group_id
