"""A built wheel, installed in an environment of its own and called from another folder, has all its files and does the demo."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from tests.docs.pages import ROOT
from tests.plans.requests import needs_minilm

PACKAGES = ("engine", "scalearn_tui")
DEMO = [
    "run",
    "--method",
    "scalearn++",
    "--target",
    "toy/question",
    "--backbone",
    "minilm",
    "--sources",
    "question",
    "--epochs",
    "1",
]
LIMITS = ["--limit", "train=32", "--limit", "dev=16", "--limit", "test=16"]
PAINT = """
import asyncio
from pathlib import Path
from engine.files.home import Home
from scalearn_tui.dashboard.app import Dashboard

async def paint():
    app = Dashboard(Home(Path("home")), launch=lambda home: None)
    async with app.run_test(size=(120, 40)) as pilot:
        while not app.services.is_read:
            await pilot.pause(0.05)
    print(Path(__import__("scalearn_tui").__file__).parent)

asyncio.run(paint())
"""


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path / "dist")]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=60)
    (built,) = (tmp_path / "dist").iterdir()
    return built


@pytest.fixture
def installed(wheel: Path, tmp_path: Path) -> Path:
    """The commands of an environment that has the wheel itself, and its dependencies from the one that runs this test.

    A folder named in a .pth file is searched, but its own .pth files, such as that of an editable install, are not read.
    """
    folder = tmp_path / "environment"
    venv.create(folder, with_pip=False)
    install = [sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python"), "install", "--quiet", "--no-deps"]
    subprocess.run([*install, "--no-index", str(wheel)], check=True, capture_output=True, timeout=60)
    (site,) = folder.glob("lib/python*/site-packages")
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder / "bin"


def test_the_wheel_has_every_file_of_the_packages(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    files = {path.relative_to(ROOT) for package in PACKAGES for path in (ROOT / package).rglob("*") if path.is_file()}
    ours = {str(file) for file in files if "__pycache__" not in file.parts}
    assert ours - names == set()
    assert {Path(name).parts[0] for name in names if ".dist-info/" not in name} == set(PACKAGES)
    for suffix, count in ((".csv", 4), (".toml", 8), (".tcss", 1), (".mako", 1), (".typed", 2)):
        assert sum(name.endswith(suffix) for name in names) >= count, suffix


@needs_minilm
def test_the_installed_wheel_does_the_demo(installed: Path, tmp_path: Path, no_process_left: None) -> None:
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "HF_"))}
    env |= {"SCALEARN_HOME": str(tmp_path / "home"), "HF_HUB_CACHE": str(tmp_path / "hub"), "HF_HUB_OFFLINE": "1"}
    (tmp_path / "elsewhere").mkdir()

    def do(program: str, *words: str) -> str:
        done = subprocess.run(
            [installed / program, *words], cwd=tmp_path / "elsewhere", env=env, capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert "question" in do("scalearn", *DEMO, *LIMITS)
    board = do("scalearn", "leaderboard", "--benchmark", "toy", "--format", "markdown")
    assert "ScaLearn++" in board and "published" in do("scalearn", "leaderboard", "--help")
    assert "live view" in do("scalearn-tui", "--help")
    assert Path(do("python", "-c", PAINT).strip()).is_relative_to(installed.parent)
