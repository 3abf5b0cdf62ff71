"""A run's specification is read typed: nothing outside the row itself looks into the stored JSON."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import engine
import scalearn_tui
from engine.registry.records import Run
from engine.registry.store import Store
from engine.runs.request import Request
from tests.reports.rows import spec

CODE = [Path(package.__file__).parent for package in (engine, scalearn_tui)]


def readings(tree: ast.AST) -> Iterator[int]:
    """Lines with ``<anything>.spec[...]`` or ``<anything>.spec.get(...)``."""
    for node in ast.walk(tree):
        value = node.value if isinstance(node, ast.Subscript | ast.Attribute) else None
        looks_inside = isinstance(node, ast.Subscript) or getattr(node, "attr", "") in ("get", "items", "keys", "values")
        if looks_inside and isinstance(value, ast.Attribute) and value.attr == "spec":
            yield node.lineno


def test_nothing_reads_the_stored_specification_as_a_dictionary() -> None:
    files = [path for folder in CODE for path in folder.rglob("*.py") if "versions" not in path.parts]
    assert list(readings(ast.parse("run.spec['seed']; run.spec.get('shots')"))) == [1, 1]
    assert {str(path): lines for path in files if (lines := list(readings(ast.parse(path.read_text(encoding="utf-8")))))} == {}


def test_a_row_is_made_from_its_specification_and_gives_it_back(store: Store) -> None:
    wanted = spec("scalearn++", "glue/rte", seed=3, sources=[spec("adapter", "glue/cola"), spec("adapter", "glue/rte")])
    request = Request(methods=("scalearn++",), targets=("rte",), command="scalearn run -m scalearn++ -t rte")
    store.add([Run.of(wanted, request)], [])
    run = store.find(wanted.run_id)
    assert run.parsed == wanted
    assert (run.fingerprint, run.group_id, run.seed, run.metric) == (wanted.fingerprint, wanted.group_id, 3, "accuracy")
    assert run.command == request.command
    assert Request(**(run.request or {})) == request.model_copy(update={"command": ""})
