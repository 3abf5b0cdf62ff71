"""Whether a run has evidence, in words."""

from __future__ import annotations

from collections.abc import Sequence

from engine.registry.records import Evidence, Run, RunState


def why_no_evidence(run: Run) -> str:
    """Why a completed run has no evidence."""
    return "was imported without its answers" if run.imported else "is of a version that kept no answers"


def evidence_summary(kept: Sequence[Evidence], run: Run) -> str:
    """What a run has, in a line: ``answers on dev and test of epoch 3, 41 kB``."""
    if not kept:
        return f"none: it {why_no_evidence(run)}" if run.state is RunState.COMPLETED else ""
    splits = " and ".join(dict.fromkeys(row.split for row in kept))
    size = sum(row.bytes for row in kept)
    return f"answers on {splits} of epoch {kept[0].epoch}, {size / 1000:,.0f} kB"
