"""The files of the page on sweeps are planned and trained, and its commands do what it says."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from engine.catalog.catalog import BUILT_IN
from engine.registry.opening import open_reader
from engine.registry.records import RunState
from engine.registry.store import Store
from engine.sweeps.declaration import parse_sweep
from engine.sweeps.planning import plan_sweep
from engine.sweeps.trials import trials_of
from scalearn_tui.cli.app import main
from scalearn_tui.cli.exits import ExitCode
from tests.docs.pages import ROOT, commands
from tests.plans.requests import needs_minilm

PAGE = (ROOT / "docs" / "sweeps.md").read_text()
CLAIM, TABLE, GRID, TUNED, DRAWN = re.findall(r"^```toml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
BUDGET = "epochs = 1\nlimits = { train = 32, dev = 16, test = 16 }\n"
SMALL = "scalearn reproduce superglue --budget small --backbone minilm --data-dir data"
ENDS = {
    "scalearn sweep stop claim": ExitCode.NOTHING_MATCHED,
    "scalearn sweep rm claim": ExitCode.USAGE,
    "scalearn ls tag:paper": ExitCode.NOTHING_MATCHED,
    "scalearn leaderboard sweep:superglue-small": ExitCode.NOTHING_MATCHED,
    "scalearn sweep run superglue-small": ExitCode.USAGE,
    **dict.fromkeys(["scalearn reproduce TABLE", SMALL, f"{SMALL} --dry-run"], ExitCode.USAGE),
}
"""How commands end that do not end with 0 once all runs are completed, without a terminal and the files of SuperGLUE."""


@needs_minilm
def test_the_table_of_the_page_has_as_many_cells_as_it_says(store: Store) -> None:
    offline = TABLE.replace('"superglue"\nback', '"toy"\nback').replace("roberta-base", "minilm")
    cells = plan_sweep(parse_sweep(offline, Path("superglue.toml")), open_reader(store.home), BUILT_IN).cells
    joint = {cell.method for cell in cells if BUILT_IN.methods[cell.method].joint}
    single = {cell.method for cell in cells} - joint
    tasks = len(BUILT_IN.benchmarks["superglue"].tasks)
    assert len(cells) == 5 * (len(joint) + len(single) * len(BUILT_IN.benchmarks["toy"].tasks))
    assert f"{5 * (len(joint) + len(single) * tasks)} cells: a joint method" in PAGE
    assert len([line for line in TABLE.splitlines() if line.strip()]) <= 15


@needs_minilm
def test_the_grid_of_the_page_is_a_grid(store: Store) -> None:
    text = f'name = "grid"\nbackbones = "minilm"\ntargets = ["toy/claim", "toy/topics"]\nmethods = ["adapter", "lora"]\n{GRID}'
    text = text.replace('"record"', '"topics"')
    planned = plan_sweep(parse_sweep(text, Path("grid.toml")), open_reader(store.home), BUILT_IN)
    adapters = [(cell.target, cell.setting) for cell in planned.cells if cell.method == "adapter"]
    assert adapters == [("toy/claim", "reduction=4"), ("toy/claim", "reduction=16"), ("toy/topics", "reduction=16")]


@needs_minilm
def test_the_tuned_table_of_the_page_has_as_many_cells_as_it_says(store: Store) -> None:
    offline = TUNED.replace('"superglue"', '"toy"').replace("roberta-base", "minilm")
    cells = plan_sweep(parse_sweep(offline, Path("tuned.toml")), open_reader(store.home), BUILT_IN).cells
    toy, real = len(BUILT_IN.benchmarks["toy"].tasks), len(BUILT_IN.benchmarks["superglue"].tasks)
    tried = sum(cell.tuning for cell in cells)
    assert (tried, len(cells) - tried) == (3 * 3 * toy, 3 * 5 * toy)
    assert f"{3 * 3 * real} and {3 * 5 * real} cells" in PAGE


def test_the_drawn_settings_of_the_page_are_as_many_as_it_says() -> None:
    text = f'name = "drawn"\nmethods = "adapter"\ntargets = "toy/claim"\n{DRAWN}'
    tune, more = (parse_sweep(text.replace("= 8", f"= {count}"), Path("drawn.toml")).tune for count in (8, 12))
    assert tune and more
    adapter = BUILT_IN.methods["adapter"]
    assert len(trials_of(tune, adapter, BUILT_IN)) == 8
    assert trials_of(more, adapter, BUILT_IN)[:8] == trials_of(tune, adapter, BUILT_IN)


@pytest.mark.usefixtures("no_process_left")
def test_the_commands_of_the_page(
    store: Store, tiny_backbone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    text = CLAIM.replace('"minilm"', f'"{tiny_backbone}"').replace("seeds = [0, 1]", f"seeds = 0\n{BUDGET}")
    Path("claim.toml").write_text(text)
    for command in commands(PAGE):
        if command != "scalearn delete RUN":
            assert main(shlex.split(command)[1:]) == ENDS.get(command, ExitCode.OK), (command, capsys.readouterr().err)
    assert {run.state for run in store.runs()} == {RunState.COMPLETED} and {run.attempt for run in store.runs()} == {1}
    capsys.readouterr()
    assert main(["sweep", "show", "claim", "--json"]) == ExitCode.OK
    cells = json.loads(capsys.readouterr().out)["sweep"]["cells"]
    assert {cell["method"] for cell in cells} == {"adapter", "scalearn++", "adapterfusion"} and len(cells) == 3
    assert Path("paper.toml").exists()
