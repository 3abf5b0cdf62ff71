"""Which runs count as needing the same memory."""

from __future__ import annotations

import pytest

from engine.registry.records import Run
from engine.runs.memory_kind import memory_kind
from engine.runs.spec import RunSpec
from tests.reports.rows import spec

SOURCES = [spec("adapter", task) for task in ("glue/rte", "glue/cola", "glue/mrpc")]
ONE = spec("scalearn", "glue/rte", sources=SOURCES[:2], batch_size=32)


@pytest.mark.parametrize(
    "other",
    [
        spec("scalearn", "glue/rte", sources=SOURCES[1:], batch_size=32, seed=4),
        spec("scalearn", "glue/rte", sources=SOURCES[:2], batch_size=32, learning_rate=1e-4, epochs=3),
    ],
)
def test_seeds_and_learning_rates_need_no_other_memory(other: RunSpec) -> None:
    assert memory_kind(other) == memory_kind(ONE) and other.fingerprint != ONE.fingerprint


@pytest.mark.parametrize(
    "other",
    [
        spec("scalearn", "glue/rte", sources=SOURCES[:2], batch_size=16),
        spec("scalearn", "glue/rte", sources=SOURCES[:2], batch_size=32, precision="float32"),
        spec("scalearn", "glue/rte", sources=SOURCES, batch_size=32),
        spec("scalearn++", "glue/rte", sources=SOURCES[:2], batch_size=32),
        spec("scalearn", "glue/cola", sources=SOURCES[:2], batch_size=32),
        spec("scalearn", "glue/rte", sources=SOURCES[:2], batch_size=32, limits={"train": 100}),
        spec("scalearn", "glue/rte", sources=SOURCES[:2], batch_size=32, backbone="bert-base-uncased"),
    ],
)
def test_sizes_do(other: RunSpec) -> None:
    assert memory_kind(other) != memory_kind(ONE)


def test_a_run_is_queued_with_its_kind() -> None:
    assert Run.of(ONE).memory_kind == memory_kind(ONE)
