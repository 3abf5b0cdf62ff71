"""The packages of the page on extending, built and installed as it says, train and are compared."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.pages import ROOT
from tests.plans.requests import needs_minilm
from tests.plugins.package import find_packages_in, scalearn

PAGE = (ROOT / "docs" / "extending.md").read_text()
FILE = re.compile(r"`([\w/.]+\.(?:toml|py|csv))`:?\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def packages(folder: Path) -> Iterator[Path]:
    """Write the page's files, each ``pyproject.toml`` the first file of another package."""
    package = folder
    for name, content in FILE.findall(PAGE):
        if name == "pyproject.toml":
            package = folder / re.findall(r'^name = "(.*)"', content, re.MULTILINE)[0]
            yield package
        path = (folder / "scalearn-shift" if name.startswith("test_") else package) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)


@needs_minilm
@pytest.mark.usefixtures("no_process_left", "home")
def test_the_packages_of_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = tmp_path / "site"
    find_packages_in(site, monkeypatch)
    # Its tests call the command by its name, as they do where the environment is activated.
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
    command = [sys.executable, "-m", "pip", "install", "--no-deps", "--no-index", "--no-build-isolation", "--target", str(site)]
    installed = subprocess.run([*command, *map(str, list(packages(tmp_path)))], capture_output=True, text=True, timeout=120)
    assert installed.returncode == 0, installed.stdout + installed.stderr
    found = scalearn("doctor").stdout
    assert "scalearn-shift 1.0: shift" in found and "scalearn-reviews 1.0: reviews" in found
    trained = scalearn("run", "-m", "shift", "-t", "reviews/mood", "-b", "minilm", "--epochs", "1")
    assert trained.returncode == 0, trained.stderr
    board = scalearn("leaderboard", "--benchmark", "reviews")
    assert "Shift" in board.stdout and "Mood" in board.stdout
    tests = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path / "scalearn-shift" / "test_shift.py")]
    answer = subprocess.run(tests, capture_output=True, text=True, timeout=240, cwd=tmp_path)
    assert answer.returncode == 0 and "2 passed" in answer.stdout, answer.stdout
