"""Figures of the released code at base shape: parameters counted, and fresh ones measured."""

from __future__ import annotations

import json
from typing import Any

from .golden import SUBSET

TASKS = ("rte", "mrpc", "cola", "stsb", "sst2", "qnli", "mnli", "qqp")
"""Those of GLUE that joint methods were counted with."""


def counted(method: str) -> dict[str, Any]:
    """Trainable parameters of the method of that name in the file."""
    return json.loads((SUBSET / "parameter_counts.json").read_text())["methods"][method]


def measured(method: str) -> dict[str, dict[str, Any]]:
    """Shape, mean, standard deviation and range of each fresh parameter."""
    return json.loads((SUBSET / "initialisation.json").read_text())[method]
