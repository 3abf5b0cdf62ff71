"""A tiny package that adds a method and a benchmark, as an installer leaves it: modules and a ``dist-info`` folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

METHOD = """
from engine.catalog.method import Hyperparameter, MethodInfo

METHOD = MethodInfo(
    name="tiny-method",
    title="Tiny",
    group="single-task",
    implementation="tiny_pack.shift:attach",
    paper="none",
    summary="a vector added to each layer's output",
    defaults={"learning_rate": 6e-3},
    own={"start": Hyperparameter(0.0, "what the vectors start with", -1.0, 1.0)},
)
"""
SHIFT = """
import torch
from torch import nn

from engine.encoder.sites import LayerSites, Sites
from engine.methods.model import Model, frozen


class Shift(nn.Module):
    def __init__(self, width, start):
        super().__init__()
        self.vector = nn.Parameter(torch.full((width,), start))

    def forward(self, hidden):
        return hidden + self.vector


def attach(encoder, tasks, sources, *, start):
    shifts = nn.ModuleList(Shift(frozen(encoder).config.hidden_size, start) for _ in encoder.layers)
    return Model(encoder, tasks, {"shift": shifts}, Sites([LayerSites(output=shift) for shift in shifts]))
"""
BENCHMARK = """
from pathlib import Path

from engine.catalog.task import BenchmarkInfo, OwnData, TaskInfo

FOLDER = Path(__file__).parent
MOOD = TaskInfo(
    "tiny", "mood", "Mood", "classification", "plain", ("text",), ("accuracy",),
    labels=("bad", "good"),
    data=OwnData((("train", str(FOLDER / "train.csv")), ("test", str(FOLDER / "test.csv"))), text="{review}"),
    sizes=(40, 10),
    max_length=32,
    tests=(("test", "test"),),
)
BENCHMARK = BenchmarkInfo("tiny", "Tiny reviews", (MOOD,))
"""
POINTS = {
    "scalearn.methods": {"tiny-method": "tiny_pack.method:METHOD"},
    "scalearn.benchmarks": {"tiny": "tiny_pack.benchmark:BENCHMARK"},
}


def rows(count: int) -> str:
    lines = (f"it was {'good' if n % 2 else 'bad'} {n},{'good' if n % 2 else 'bad'}\n" for n in range(count))
    return "review,label\n" + "".join(lines)


FILES = {
    "__init__.py": "",
    "method.py": METHOD,
    "shift.py": SHIFT,
    "benchmark.py": BENCHMARK,
    "train.csv": rows(40),
    "test.csv": rows(10),
}


def install(
    site: Path,
    version: str = "1.0",
    points: Mapping[str, Mapping[str, str]] = POINTS,
    files: Mapping[str, str] = FILES,
    name: str = "tiny-pack",
) -> None:
    """Put version ``version`` of the package into ``site``, in place of an earlier one."""
    uninstall(site, name)
    module = site / name.replace("-", "_")
    module.mkdir(parents=True)
    for file, content in files.items():
        (module / file).write_text(content)
    info = site / f"{module.name}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    sections = (f"[{group}]\n" + "".join(f"{key} = {value}\n" for key, value in of.items()) for group, of in points.items())
    (info / "entry_points.txt").write_text("\n".join(sections))


def uninstall(site: Path, name: str = "tiny-pack") -> None:
    for folder in site.glob(f"{name.replace('-', '_')}*"):
        shutil.rmtree(folder)


def find_packages_in(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this process and those that it starts find packages in ``site``."""
    monkeypatch.setattr(sys, "path", [sys.path[0], str(site), *sys.path[1:]])
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, (str(site), os.environ.get("PYTHONPATH")))))


def scalearn(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The real command."""
    return subprocess.run(
        [sys.executable, "-m", "scalearn_tui", *arguments],
        capture_output=True, text=True, timeout=240, env={**os.environ, **environment},
    )  # fmt: skip
