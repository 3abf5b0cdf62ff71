"""Where runs of one row were computed differently, a mark and a line of the footer say so."""

from __future__ import annotations

import json
from typing import Any

from engine.catalog.catalog import BUILT_IN
from engine.registry.store import Store
from engine.reports.formats.grid import footer, grid
from engine.reports.formats.json import to_json
from engine.reports.leaderboard import build

from .rows import complete, spec

BOOLQ, RTE = "superglue/boolq", "superglue/rte"


def trained(store: Store, target: str = BOOLQ, seed: int = 0, **provenance: Any) -> None:
    complete(store, spec("adapter", target, seed), 0.7, provenance=provenance)


def differs(store: Store) -> list[str]:
    (table,) = build(store, BUILT_IN).tables
    return table.provenance.get("differs", [])


def test_two_precisions_in_one_cell(store: Store) -> None:
    trained(store, seed=0, precision="float32")
    trained(store, seed=1, precision="bfloat16")
    board = build(store, BUILT_IN)
    (table,) = board.tables
    assert grid(table).lines[0].title == "Adapter §"
    assert ("§ differs", "Adapter: precision bfloat16 and float32") in footer(board, table)
    assert json.loads(to_json(board))["tables"][0]["rows"][0]["conditions"] == {"precision": "bfloat16 and float32"}


def test_different_threads_and_code_on_different_targets(store: Store) -> None:
    trained(store, BOOLQ, threads=2, git_commit="a" * 40)
    trained(store, RTE, threads=4, git_commit="b" * 40, versions={"scalearn-tui": "0.2.0"})
    threads, version, commit = differs(store)
    assert threads == "Adapter: threads 2 on BoolQ; 4 on RTE"
    assert version == "Adapter: version 0.1.0 on BoolQ; 0.2.0 on RTE"
    assert commit == f"Adapter: commit {'a' * 40} on BoolQ; {'b' * 40} on RTE"


def test_a_divided_batch(store: Store) -> None:
    trained(store, BOOLQ, micro_batch=32)
    trained(store, RTE, micro_batch=8)
    assert differs(store) == ["Adapter: micro-batch whole batches on BoolQ; 8 on RTE"]


def test_another_batch_size_in_one_go_is_another_row_alone(store: Store) -> None:
    trained(store, BOOLQ, micro_batch=32)
    complete(store, spec("adapter", BOOLQ, batch_size=8), 0.7, provenance={"micro_batch": 8})
    assert differs(store) == []


def test_what_was_not_recorded_is_no_difference(store: Store) -> None:
    trained(store, seed=0)
    trained(store, seed=1, precision="float32", threads=2, micro_batch=32)
    (table,) = build(store, BUILT_IN).tables
    assert "differs" not in table.provenance and grid(table).lines[0].title == "Adapter"
