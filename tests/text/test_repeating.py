"""The command that asks for one run again."""

from __future__ import annotations

import shlex
from typing import Any

import pytest

from engine.catalog.catalog import BUILT_IN
from engine.plans.planner import make_plan, submit
from engine.registry.store import Store
from engine.runs.request import Request
from scalearn_tui.text.options import LAUNCH_OPTIONS, Value, parse_request
from scalearn_tui.text.repeating import repeating_command
from tests.plans.requests import needs_minilm
from tests.reports.rows import complete, spec

SETTINGS = {"learning_rate": (1e-3, 0.00123456789)}


def read(command: str) -> Request:
    """What the command asks for."""
    words = shlex.split(command)
    assert words[:2] == ["scalearn", "run"]
    values: dict[str, Value] = {}
    for flag, text in zip(words[2::2], words[3::2], strict=True):
        option = next(option for option in LAUNCH_OPTIONS if flag in option.flags)
        given = values.get(option.name, [])
        values[option.name] = [*given, text] if option.repeated and isinstance(given, list) else text
    return parse_request(values)


@needs_minilm
@pytest.mark.parametrize(
    "fields",
    [
        {"methods": ("scalearn++",), "targets": ("claim", "topics"), "sources": ("topics", "claim"), "epochs": 2},
        {"methods": ("adapter-m",), "benchmark": "toy", "settings": {"steps_per_epoch": 3}},
        {"methods": ("adapter", "lora"), "targets": ("claim",), "shots": (4, 16), "settings": SETTINGS},
        {"methods": ("scalearn",), "benchmark": "toy", "targets": ("choice",), "limits": {"train": 40}},
    ],
    ids=["two-stage", "joint", "few-shot", "benchmark"],
)
def test_it_asks_for_that_run_and_its_sources_alone(fields: dict[str, Any], store: Store) -> None:
    plan = make_plan(Request(**{"backbone": "minilm", "seeds": (0, 3), **fields}), store, BUILT_IN)
    submit(plan, store)
    runs = store.runs()
    assert len(runs) == len(plan.new) > 1
    for run in runs:
        again = make_plan(read(repeating_command(run)), store, BUILT_IN)
        sources = {source.run_id for source in run.parsed.sources}
        assert {planned.spec.run_id for planned in again.runs} == {run.id, *sources}, repeating_command(run)


def test_a_run_without_a_request_has_the_command_that_asked_for_it(store: Store) -> None:
    run = store.find(complete(store, spec("adapter", "glue/rte"), 0.7).run_id)
    assert repeating_command(run) == run.command == "scalearn run"
