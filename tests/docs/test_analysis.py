"""The example of the page on analysis runs as it stands, on trained runs; its commands and its list of columns hold."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from engine import results
from engine.plans.planner import make_plan, submit
from engine.plugins.home_catalog import load_catalog
from engine.registry.store import Store
from engine.runs.request import Request
from scalearn_tui.cli.app import main
from scalearn_tui.cli.exits import ExitCode
from tests.docs.pages import ROOT, commands
from tests.plans.requests import needs_minilm
from tests.training.runs import trained

PAGE = (ROOT / "docs" / "analysis.md").read_text()
SMALL = {"targets": ("toy/question",), "backbone": "minilm", "epochs": 1, "limits": {"train": 16, "dev": 8, "test": 24}}


@needs_minilm
def test_the_page(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    plan = make_plan(Request(methods=("adapter", "lora"), **SMALL), store, load_catalog(store.home))  # type: ignore[arg-type]
    for run_id in submit(plan, store):
        trained(store, run_id)
    (example,) = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    exec(compile(example, "docs/analysis.md", "exec"), {})
    out = capsys.readouterr().out
    assert "toy/question adapter 1" in " ".join(out.split()) and len(re.findall(r"^[0-9a-f]{32} ", out, re.MULTILINE)) == 1
    best = {word for run in store.runs() for word in (run.id, run.method)}
    assert best <= set(out.split())

    monkeypatch.chdir(tmp_path)
    for command in commands(PAGE):
        if command.startswith("scalearn results"):
            empty = "tag:paper" in command or "sweep:table" in command or "target:rte" in command or "--scales" in command
            wanted = ExitCode.NOTHING_MATCHED if empty else ExitCode.OK
            assert main(shlex.split(command)[1:]) == wanted, (command, capsys.readouterr().err)
    assert {path.name for path in tmp_path.glob("*.*")} == {"scores.csv", "curves.parquet"}


def test_the_columns_of_the_page() -> None:
    lines = re.findall(r"^\| (each score|`--\w+`) \| (.*) \|$", PAGE, re.MULTILINE)
    told = {name.strip("`-"): re.findall(r"`([\w.*]+)`", cells) for name, cells in lines}
    kinds = {
        "each score": results.Score, "curves": results.CurvePoint, "predictions": results.Prediction,
        "scales": results.SourceScale,
    }  # fmt: skip
    assert told.keys() == kinds.keys()
    for name, kind in kinds.items():
        columns = [f"{column}.*" if column == "settings" else column for column in kind.__dataclass_fields__]
        assert told[name] == columns
