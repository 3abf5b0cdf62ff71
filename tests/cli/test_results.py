"""``results``: rows on stdout or in files, and what it refuses."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pandas
import pytest

from engine.registry.store import Store
from scalearn_tui.cli.app import main
from scalearn_tui.cli.exits import ExitCode
from tests.own_benchmarks.adding import Capture
from tests.reports.rows import complete, spec

ADAPTER, LORA = spec("adapter", "toy/claim", learning_rate=0.01), spec("lora", "toy/claim")


@pytest.fixture(autouse=True)
def runs(store: Store) -> None:
    complete(store, ADAPTER, 0.75)
    complete(store, LORA, 0.5)


def test_scores_as_csv_are_the_default(capsys: Capture) -> None:
    assert main(["results", "method:adapter"]) == ExitCode.OK
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert {(row["run"], row["settings.learning_rate"]) for row in rows} == {(ADAPTER.run_id, "0.01")}
    assert {(row["split"], row["metric"]): float(row["value"]) for row in rows}["test", "accuracy"] == 0.75


def test_formats_by_name_and_by_suffix(tmp_path: Path, capsys: Capture) -> None:
    for name in ("rows.json", "rows.jsonl", "rows.csv", "rows.parquet"):
        assert main(["results", "-o", str(tmp_path / name)]) == ExitCode.OK
        assert f"wrote 8 rows to {tmp_path / name}" in capsys.readouterr().err
    assert len(json.loads((tmp_path / "rows.json").read_text())["rows"]) == 8
    frames = [pandas.read_csv(tmp_path / "rows.csv"), pandas.read_parquet(tmp_path / "rows.parquet")]
    assert frames[0]["value"].tolist() == frames[1]["value"].tolist()
    assert main(["results", "--format", "tensorboard", "-o", str(tmp_path / "events")]) == ExitCode.OK
    assert len(list((tmp_path / "events").iterdir())) == 2


@pytest.mark.parametrize(
    "arguments, code, said",
    [
        (["method:ia3"], ExitCode.NOTHING_MATCHED, "no scores of the 0 runs that match"),
        (["--predictions"], ExitCode.NOTHING_MATCHED, "2 of 2 runs kept no answers; `scalearn show RUN` says why"),
        (["--curves", "--predictions"], ExitCode.USAGE, "ask for one at a time"),
        (["--format", "parquet"], ExitCode.USAGE, "--format parquet needs --output"),
        (["--curves", "--format", "tensorboard", "-o", "x"], ExitCode.USAGE, "leave out --curves"),
        (["-o", "rows.txt"], ExitCode.USAGE, "a file needs --format, or a name that ends in .csv"),
        (["colour:red"], ExitCode.USAGE, "no field 'colour'"),
        (["-o", "/dev/null/rows.csv"], ExitCode.USAGE, "cannot write /dev/null/rows.csv"),
    ],
    ids=str,
)
def test_refusals(arguments: list[str], code: ExitCode, said: str, capsys: Capture) -> None:
    assert main(["results", *arguments]) == code
    answer = capsys.readouterr()
    assert said in answer.err and len(answer.err.splitlines()) <= 2 and not answer.out
