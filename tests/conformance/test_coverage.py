"""No reference file lies unused, and every method has one in this repository."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.catalog.methods import METHODS

from .constants import NAMES as single_and_two_stage
from .golden import SUBSET, WHOLE
from .joint import NAMES as joint

ELSEWHERE = {"test_coverage", "test_mutations", "test_sites"}
"""Test modules that exercise no method's own code."""
WITHOUT_REFERENCE = {"lora", "shared"}
"""LoRA is tested by its formula; Shared is a plain encoder under heads that other files have."""


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


@pytest.mark.parametrize("root", (SUBSET, WHOLE), ids=("subset", "whole"))
def test_every_reference_file_is_exercised(root: Path) -> None:
    files = {path for path in root.glob("*/*.safetensors") if path.stem != "backbone"}
    unused = sorted(str(path.relative_to(root)) for path in files - set(exercised()))
    assert not unused, f"no test reads {unused}"


def test_the_subset_has_every_method_and_is_small() -> None:
    named = single_and_two_stage | joint
    here = {named[path.stem] for path in SUBSET.glob("*/*.safetensors") if path.stem in named} | {"propetl-m"}
    assert here == set(METHODS) - WITHOUT_REFERENCE
    assert list(SUBSET.glob("*/propetl_m.safetensors"))
    assert sum(path.stat().st_size for path in SUBSET.rglob("*") if path.is_file()) < 5_000_000
