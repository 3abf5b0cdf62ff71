"""What the loop decides before its first step."""

from __future__ import annotations

import numpy as np

from engine.catalog.catalog import BUILT_IN
from engine.data.tokenized_split import TokenizedSplit
from engine.training.loop import sampling_size


def grouped(groups: list[int]) -> TokenizedSplit:
    count = len(groups)
    ones = np.ones(count, np.int64)
    return TokenizedSplit(ones, np.arange(count), ones, ones, labels=ones, groups=np.array(groups))


def test_record_weighs_by_its_queries_and_multirc_by_its_options() -> None:
    """By candidate rows ReCoRD would have 96% of SuperGLUE's batches, not the released 71%."""
    split = grouped([0, 0, 0, 1, 1, 2, 7])
    assert sampling_size(BUILT_IN.find_task("superglue/record"), split) == 4
    assert sampling_size(BUILT_IN.find_task("superglue/multirc"), split) == 7
