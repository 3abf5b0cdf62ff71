"""The page of our own results is what its script makes of the committed bundles, which are right."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.pages import ROOT

RESULTS = ROOT / "docs" / "results"


def test_the_page_is_made_of_the_bundles(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    shutil.copytree(RESULTS, docs / "results")
    shutil.copy(ROOT / "docs" / "results.py", docs)
    variables = os.environ | {"SCALEARN_HOME": str(tmp_path / "home"), "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, str(docs / "results.py")], env=variables, cwd=tmp_path, check=True)
    assert (docs / "results.md").read_text() == (ROOT / "docs" / "results.md").read_text()
    for figure in RESULTS.glob("*.svg"):
        assert (docs / "results" / figure.name).read_bytes() == figure.read_bytes(), figure.name


@pytest.mark.parametrize(
    ("bundle", "found"), [("results", "148 runs, 24 cells"), ("rest", "114 runs, 36 cells"), ("shots", "30 runs, 8 cells")]
)
def test_the_bundles_are_right(tmp_path: Path, bundle: str, found: str) -> None:
    variables = os.environ | {"SCALEARN_HOME": str(tmp_path / "home"), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "scalearn_tui", "verify", str(RESULTS / f"{bundle}.zip")]
    done = subprocess.run(command, env=variables, stdout=subprocess.PIPE, text=True)
    assert done.returncode == 0 and done.stdout == f"equal: {found}\n"
