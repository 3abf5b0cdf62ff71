"""Where the checkout lies, and where real task data for tests may lie."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def task_data() -> Path:
    """``$DATA_DIR``, relative to the checkout: GLUE and SuperGLUE as parquet files. The test is skipped where it is absent."""
    folder = (ROOT / os.environ.get("DATA_DIR", "../shared/data")).resolve()
    if not (folder / "glue").is_dir():
        pytest.skip("no task data; set DATA_DIR")
    return folder
