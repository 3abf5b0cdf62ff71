"""How long a run takes on one core of a CPU where no earlier run tells: a guess from the arithmetic that it needs."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import mean

from engine.catalog.backbones import BACKBONES
from engine.runs.spec import RunSpec

START = 3.0
"""Seconds before the first step."""
RATE = 8e10
"""Floating-point operations of a core in a second, as small runs of MiniLM had them."""
FILLED = 0.5
"""Tokens of a text as a share of the most that its task allows: a fifth on WiC, nearly all on BoolQ and MultiRC."""
TRAINING = 3
"""What a training step costs, as a multiple of the forward pass."""


def guessed_seconds(spec: RunSpec, steps: int, rows: Mapping[str, Mapping[str, int]]) -> float | None:
    """None for a backbone whose shape the catalog lacks. Halves and doubles are to be expected.

    ``rows`` are those of each official split, by task and split, where they are known: no split has more than all together.
    """
    backbone = BACKBONES.get(spec.backbone)
    if backbone is None:
        return None
    # Each of the 12 h^2 weights of a layer is multiplied and added for every token.
    per_token = 2 * 12 * backbone.layers * backbone.hidden_size**2
    passes = TRAINING * steps * int(spec.hyperparameters["batch_size"]) * mean(task.max_length for task in spec.tasks)
    for task in spec.tasks:
        most = sum(rows[task.key].values()) if task.key in rows else max(task.split_sizes.values())
        read = {split: min(count, most, spec.limits.get(split, count)) for split, count in task.split_sizes.items()}
        passes += task.max_length * (int(spec.hyperparameters["epochs"]) * read["dev"] + read["test"])
    return START + FILLED * passes * per_token / RATE
