"""Computing in smaller parts where memory does not hold the whole."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import TypeVar

import torch

from engine.training.device import is_out_of_memory

Result = TypeVar("Result")


def halving(compute: Callable[[int], Result], size: int, least: int, halved: Callable[[int], None]) -> Result:
    """``compute(size)``, with half the size as often as memory runs out.

    ``halved`` is called with each smaller size before it is tried. At ``least``, the error is raised.
    """
    while True:
        try:
            return compute(size)
        except Exception as error:
            if size <= least or not is_out_of_memory(error):
                raise
        # Out here the error is gone, which held on to all that had been computed.
        size = max(least, size // 2)
        halved(size)
        if torch.cuda.is_initialized():
            gc.collect()
            torch.cuda.empty_cache()
