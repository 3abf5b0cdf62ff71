"""Every command of the README is executed, offline: with small limits, or up to the refusal that names the way on."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.registry.store import Store
from scalearn_tui.cli.app import main
from scalearn_tui.cli.exits import ExitCode
from tests.docs.pages import FENCE, ROOT, commands
from tests.plans.requests import needs_minilm

DEMO = "scalearn run --method scalearn++ --target toy/claim --sources entailment,question,claim --backbone minilm"
LIMITS = "--epochs 1 --limit train=32 --limit dev=16 --limit test=16"
OFFLINE = "--backbone minilm --benchmark toy --dry-run"
NEED_THE_HUB = {
    "scalearn run --method scalearn++ --target boolq": "scalearn run --method scalearn++ --target question",
    "scalearn run -m scalearn++ -t boolq --sources cb,copa,rte,boolq": (
        "scalearn run -m scalearn++ -t question --sources entailment,choice,question"
    ),
    "scalearn run -m hyperformer++ --benchmark glue": "scalearn run -m hyperformer++",
    "scalearn run -m scalearn -t rte --shots 16": "scalearn run -m scalearn -t entailment --shots 16",
    "scalearn run -m scalearn -t rte --seed 0-2": "scalearn run -m scalearn -t entailment --seed 0-2",
    "scalearn run -m adapter -t stsb --set learning_rate=1e-3 --epochs 6": (
        "scalearn run -m adapter -t similarity --set learning_rate=1e-3 --epochs 6"
    ),
}
"""Command, and the same with tasks of the built-in benchmark."""
WORK_AS_WRITTEN = [
    "scalearn methods --json", "scalearn show RUN", "scalearn leaderboard --benchmark toy",
    "scalearn compare adapter scalearn++", "scalearn leaderboard --against adapter",
    "scalearn data ls", "scalearn ls", "scalearn methods", "scalearn benchmarks", "scalearn tasks", "scalearn backbones",
    "scalearn benchmarks add my.toml", "scalearn predict RUN texts.jsonl", "scalearn logs -f RUN", "scalearn resume RUN",
    "scalearn adapters export RUN FOLDER", "scalearn adapters import FILE",
]  # fmt: skip
END_OTHERWISE = {
    "scalearn data fetch glue --backbone roberta-base": (ExitCode.USAGE, "is not on this machine"),
    "scalearn stop RUN": (ExitCode.NOTHING_MATCHED, "has ended already"),
    "scalearn delete RUN": (ExitCode.USAGE, "confirm with --yes"),
    "scalearn leaderboard --benchmark superglue -o table.tex": (ExitCode.NOTHING_MATCHED, "no completed run"),
    "scalearn figure learning target:rte -o learning.pdf": (ExitCode.NOTHING_MATCHED, "nothing to draw"),
    "scalearn sweep run paper.toml": (ExitCode.USAGE, "paper.toml cannot be read: No such file"),
    "scalearn reproduce superglue": (ExitCode.USAGE, "the backbone roberta-base and the data of superglue/boolq"),
    "scalearn doctor": (ExitCode.OK, ""),
}
"""Command, its exit code and a part of what it says on a machine without hub and terminal, whose only run is completed."""

Type = Callable[..., tuple[int, str, str]]


@pytest.fixture
def type_(capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Type:
    """A command typed in an empty folder, offline: its exit code, output and words."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))

    def typed(command: str, **placeholders: str) -> tuple[int, str, str]:
        program, *words = (placeholders.get(word, word) for word in shlex.split(command))
        assert program == "scalearn"
        code = main(words)
        return code, *capfd.readouterr()

    return typed


def write_own_benchmark(folder: Path) -> None:
    """The benchmark that docs/data.md calls complete, and rows for it."""
    (declaration,) = [block for block in FENCE.findall((ROOT / "docs" / "data.md").read_text()) if "[tasks." in block]
    (folder / "my.toml").write_text(declaration)
    (table,) = re.findall(r'train = "(.*)"', declaration)
    rows = [f"{word} {number},{mood}" for number in range(20) for word, mood in (("great", "happy"), ("awful", "sad"))]
    (folder / table).write_text("\n".join(["review,mood", *rows]))


def test_every_command_of_the_readme_is_executed_below() -> None:
    executed = {DEMO, *NEED_THE_HUB, *WORK_AS_WRITTEN, *END_OTHERWISE}
    assert set(commands((ROOT / "README.md").read_text())) == executed


def test_without_the_hub_the_refusal_names_the_way_on(store: Store, type_: Type) -> None:
    for command, offline in NEED_THE_HUB.items():
        code, out, err = type_(command)
        assert (code, out) == (ExitCode.USAGE, ""), command
        assert "--backbone minilm" in err.splitlines()[-1], err
        code, out, err = type_(f"{offline} {OFFLINE}")
        assert code == ExitCode.OK and "target" in out, err
    assert store.runs() == []


@needs_minilm
def test_the_other_commands_of_the_readme(store: Store, type_: Type, tmp_path: Path, no_process_left: None) -> None:
    code, out, err = type_(f"{DEMO} {LIMITS}")
    assert code == ExitCode.OK and "claim" in out, err
    transfer, source, *_ = json.loads(type_("scalearn ls --json")[1])["runs"]
    assert (transfer["method"], source["method"]) == ("scalearn++", "adapter")
    write_own_benchmark(tmp_path)
    (tmp_path / "texts.jsonl").write_text('{"claim": "It was good.", "passage": "The day was good."}\n')

    for command in WORK_AS_WRITTEN:
        run = source if "adapters" in command else transfer
        file = next(map(str, (tmp_path / "outgoing").glob("*")), "")
        code, out, err = type_(command, RUN=run["id"], FOLDER="outgoing", FILE=file)
        assert code == ExitCode.OK and out + err, (command, err)
    for command, (expected, text) in END_OTHERWISE.items():
        code, out, err = type_(command, RUN=transfer["id"])
        assert code == expected and text in out + err, (command, err)
    code, out, err = type_("scalearn leaderboard --benchmark toy --format markdown")
    assert code == ExitCode.OK and "ScaLearn++" in out, err
    assert type_("scalearn delete RUN --yes", RUN=transfer["id"])[0] == ExitCode.OK
