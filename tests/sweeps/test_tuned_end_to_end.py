"""A tuned sweep with real processes, which begins its second part though no command is there to ask for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.catalog.catalog import BUILT_IN
from engine.registry.records import RunState
from engine.registry.store import Store
from engine.reports.leaderboard import build
from scalearn_tui.cli.app import main
from scalearn_tui.cli.exits import ExitCode
from tests.launch.workers import until

TEXT = """
name = "tuned"
backbones = "{}"
targets = "toy/claim"
methods = "adapter"
epochs = 1
limits = {{ train = 16, dev = 16, test = 8 }}
[tune]
settings = 2
[tune.space]
learning_rate = [1e-3, 3e-3]
"""


@pytest.mark.usefixtures("no_process_left")
def test_the_best_setting_is_trained_and_evaluated_on_test_by_itself(
    store: Store, tiny_backbone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    file = tmp_path / "tuned.toml"
    file.write_text(TEXT.format(tiny_backbone))
    assert main(["sweep", "run", str(file), "--detach"]) == ExitCode.OK
    until(lambda: len(store.runs(states=[RunState.COMPLETED])) == 3, seconds=60)
    results = store.results([run.id for run in store.runs()])
    evaluated = {run.seed: {row.split for row in store.evidence(run.id)} for run in store.runs()}
    assert evaluated == {0: {"dev", "test"}, 100: {"dev"}}
    by_rate = {run.parsed.hyperparameters["learning_rate"]: run for run in store.runs() if run.seed == 100}
    assert {split for run in by_rate.values() for split in results[run.id]["toy/claim"]} == {"dev"}
    best = max(sorted(by_rate), key=lambda rate: by_rate[rate].best or 0.0)
    ((row,),) = (table.rows for table in build(store, BUILT_IN).tables)
    (reported,) = (run for run in store.runs() if run.seed == 0)
    assert reported.parsed.hyperparameters["learning_rate"] == best
    assert row.cells["toy/claim"].run_ids == (reported.id,)
    assert row.name.endswith("(tuned over 2 settings x 1 seed, chosen on dev)")
