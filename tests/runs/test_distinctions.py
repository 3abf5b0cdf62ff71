"""Runs that would look alike in a list are told apart by what differs, and by nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.catalog.catalog import BUILT_IN
from engine.runs.distinctions import distinctions, settings_line
from engine.runs.spec import RunSpec
from tests.reports.rows import spec
from tests.reports.test_definitions import FIRST, MOOD, SECOND, own, text

RTE, MNLI, COLA = (spec("adapter", f"glue/{name}") for name in ("rte", "mnli", "cola"))


def told(*specs: RunSpec) -> list[str]:
    """What a list shows beside each of the runs."""
    found = distinctions({one.run_id: one for one in specs}, BUILT_IN)
    assert len({one.run_id for one in specs}) == len(specs)
    return [settings_line(found[one.run_id]) for one in specs] if found else []


def combined(*sources: RunSpec, **settings: float) -> RunSpec:
    return spec("scalearn++", "glue/rte", sources=sources, **settings)


def test_runs_that_differ_in_a_column_need_nothing_else() -> None:
    assert told(RTE, MNLI, spec("adapter", "glue/rte", 1), spec("lora", "glue/rte", epochs=2)) == []


def test_settings_off_the_defaults_come_first() -> None:
    assert told(combined(MNLI, RTE), combined(MNLI, RTE, learning_rate=1e-3), COLA) == ["", "learning_rate=0.001", ""]


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (combined(MNLI, RTE), combined(COLA, RTE), ["sources=mnli,rte", "sources=cola,rte"]),
        (combined(MNLI, COLA), combined(COLA, MNLI), ["sources=mnli,cola", "sources=cola,mnli"]),
        (own(MOOD), own(text("{text}!")), ['template="{text}"', 'template="{text}!"']),
        (own(MOOD), own(replace(MOOD, max_length=64)), ["max length=128", "max length=64"]),
        (own(MOOD), own(text("{text}", pair="{other}")), ["", 'pair="{other}"']),
        (own(MOOD, FIRST), own(MOOD, SECOND), ["data=aaaaaaa", "data=bbbbbbb"]),
    ],
    ids=["sources", "order", "template", "length", "pair", "data"],
)
def test_what_else_differs_is_told(first: RunSpec, second: RunSpec, expected: list[str]) -> None:
    assert told(first, second) == expected


def test_only_the_sources_that_differ_are_told_by_their_runs() -> None:
    other = spec("adapter", "glue/mnli", 1)
    assert told(combined(MNLI, RTE), combined(other, RTE)) == [f"source mnli={MNLI.run_id}", f"source mnli={other.run_id}"]


def test_another_revision_of_the_backbone() -> None:
    assert told(RTE, RTE.model_copy(update={"backbone_revision": f"sha256:{'c' * 64}"})) == [
        f"revision={RTE.backbone_revision[:7]}",
        "revision=ccccccc",
    ]
