"""Help and completion cost little; no command of this process loads what only workers need."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from engine.files.home import Home

WORKERS_OWN = {"torch", "transformers", "datasets", "tokenizers", "pyarrow"}
HEAVY = WORKERS_OWN | {"sqlmodel", "sqlalchemy", "textual", "numpy"}
PROBE = """
import json, sys
from scalearn_tui.cli.app import main
try:
    main(sys.argv[1:] or None)
except SystemExit:
    pass
print("\\n" + json.dumps(sorted(sys.modules)))
"""


def loaded(*arguments: str, **environment: str) -> set[str]:
    """``sys.modules`` after a command."""
    answer = subprocess.run(
        [sys.executable, "-c", PROBE, *arguments],
        capture_output=True, text=True, check=True, env={**os.environ, **environment}, timeout=60,
    )  # fmt: skip
    return set(json.loads(answer.stdout.splitlines()[-1]))


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["run", "--help"],
        ["--version"],
        ["methods"],
        ["tasks", "--json"],
        ["backbones"],
        ["run", "--method", "adapter"],
    ],
    ids=" ".join,
)
def test_help_and_catalog_load_nothing_heavy(arguments: list[str]) -> None:
    assert loaded(*arguments) & HEAVY == set()


def test_help_needs_no_catalog() -> None:
    assert loaded("--help") & {"engine.catalog.catalog", "engine.catalog.methods", "engine.catalog.benchmarks"} == set()


def test_completion_loads_nothing_heavy() -> None:
    environment = {"_SCALEARN_COMPLETE": "complete_bash", "COMP_WORDS": "scalearn run --method scal", "COMP_CWORD": "3"}
    assert loaded(**environment) & HEAVY == set()


def test_only_files_of_figures_load_the_library_that_draws(home: Home) -> None:
    for arguments in (["leaderboard"], ["ls"], ["figure"], ["figure", "learning"]):
        assert not loaded(*arguments) & {"matplotlib", "PIL", *WORKERS_OWN}


PLAN = ["run", "-m", "adapter", "-t", "toy/question", "-b", "minilm", "--dry-run"]


@pytest.mark.parametrize(
    "arguments", [["ls"], ["leaderboard"], ["results"], ["adapters", "ls"], ["data", "ls"], PLAN], ids=" ".join
)
def test_reading_and_planning_never_load_the_trainer(arguments: list[str], home: Home) -> None:
    assert loaded(*arguments) & (WORKERS_OWN | {"textual"}) == set()


def test_completion_offers_matching_names() -> None:
    environment = {
        **os.environ,
        "_SCALEARN_COMPLETE": "complete_bash",
        "COMP_WORDS": "scalearn run --method scal",
        "COMP_CWORD": "3",
    }
    command = [sys.executable, "-m", "scalearn_tui"]
    answer = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60, check=True)
    variants = ("", "-uniform", "++", "-uniform++", "-softmax", "-mean")
    assert answer.stdout.split() == [f"scalearn{variant}" for variant in variants]
