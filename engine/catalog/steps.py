"""How many optimiser steps a run plans."""

from __future__ import annotations

import math
from collections.abc import Sequence


def steps_per_epoch(sizes: Sequence[int], batch_size: int, fixed: int = 0) -> int:
    """``fixed`` if it is not 0, else as many as pass once over all training examples, ``sizes`` of the tasks."""
    return fixed or sum(math.ceil(size / batch_size) for size in sizes)
