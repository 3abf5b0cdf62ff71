"""Folders with task data and reference numerics: beside the checkout, unless the environment names others."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"
DATA_DIR = (ROOT / (os.environ.get("DATA_DIR") or SHARED / "data")).resolve()
GOLDEN_DIR = Path(os.environ.get("GOLDEN_DIR") or SHARED / "golden")
