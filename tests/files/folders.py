"""Where real task data for tests may lie."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def task_data() -> Path:
    """The folder ``$DATA_DIR`` of parquet files; the test is skipped where it is absent."""
    folder = Path(os.environ.get("DATA_DIR", ROOT / "../shared/data")).resolve()
    if not (folder / "glue").is_dir():
        pytest.skip("no task data; set DATA_DIR")
    return folder
