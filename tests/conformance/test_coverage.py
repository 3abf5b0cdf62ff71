"""No reference file lies unused: each one is a parameter of a test of its method."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from .golden import ROOT

ELSEWHERE = {"test_coverage", "test_sites"}
"""Test modules that exercise no method's own code."""


def exercised() -> Iterator[Path]:
    """The files that tests of this folder are parametrised with."""
    for path in sorted(Path(__file__).parent.glob("test_*.py")):
        if path.stem in ELSEWHERE:
            continue
        module = importlib.import_module(f"{__package__}.{path.stem}")
        for test in vars(module).values():
            for mark in getattr(test, "pytestmark", ()):
                if mark.name == "parametrize":
                    for parameter in mark.args[1]:
                        yield from (value for value in getattr(parameter, "values", ()) if isinstance(value, Path))


@pytest.mark.skipif(not ROOT.is_dir(), reason=f"no {ROOT}")
def test_every_reference_file_is_exercised() -> None:
    files = {path for path in ROOT.glob("*/*.safetensors") if path.stem != "backbone"}
    unused = sorted(str(path.relative_to(ROOT)) for path in files - set(exercised()))
    assert not unused, f"no test reads {unused}"
