"""Every figure of sources in every format and width is written twice, byte by byte the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.registry.store import Store
from scalearn_tui.cli.app import main
from tests.reports.figures.test_sources import FORMATS, KINDS_OF_SOURCES, filled

__all__ = ["filled"]


@pytest.mark.parametrize("kind", KINDS_OF_SOURCES)
@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("width", ["column", "page"])
def test_files_are_equal(kind: str, suffix: str, width: str, filled: Store, tmp_path: Path) -> None:
    terms = ["method:scalearn"] if kind == "scales" else []
    paths = [tmp_path / f"{number}{suffix}" for number in range(2)]
    for path in paths:
        assert main(["figure", kind, *terms, "-o", str(path), "--width", width]) == 0
    first, second = (path.read_bytes() for path in paths)
    assert first == second and first.startswith(FORMATS[suffix])
