"""Cells that are numbers or lists are read as such or refused, and nothing in between."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from engine.data.own_cells import LONGEST_LIST, list_in, looks_like_list, score_of


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("['Food', 'WASH']", ["Food", "WASH"]),
        ('["Food", "WASH"]', ["Food", "WASH"]),
        (" [] ", []),
        ("('a', 'b')", ["a", "b"]),
        ("{'b', 'a'}", ["a", "b"]),
        ("[1, 2]", [1, 2]),
        ("""["it's", 'b']""", ["it's", "b"]),
        ('["x\'", "y"]', ["x'", "y"]),
        ("[null]", [None]),
    ],
)
def test_lists_of_json_and_python(text: str, items: list[Any]) -> None:
    assert looks_like_list(text)
    assert list_in(text) == items


@pytest.mark.parametrize(
    "text",
    ["['a' 'b']", "['a'\n 'b']", "[Food, WASH]", "['a'", "[['a']]", "[{'a': 1}]", "('a')", "[__import__('os')]", "[1+1",
     "[" * 300 + "]" * 300, "[" * 50_000 + "]" * 50_000, f"['{'a' * LONGEST_LIST}']"],
)  # fmt: skip
def test_what_is_no_plain_list_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="looks like a list but is none in JSON or Python"):
        list_in(text)


@pytest.mark.parametrize("cell", ["Food", "[", "(other)", "{x}", "a [b]", "", None, 3, ["a"]])
def test_other_cells_do_not_look_like_lists(cell: Any) -> None:
    assert not looks_like_list(cell)


@pytest.mark.parametrize(
    ("cell", "score"), [(" 1.5 ", 1.5), ("-1e-2", -0.01), ("+.5", 0.5), ("3.", 3.0), (2, 2.0), (Decimal("0.5"), 0.5)]
)
def test_scores(cell: Any, score: float) -> None:
    assert score_of(cell) == score


@pytest.mark.parametrize(
    "cell",
    ["1_000", "1,5", "1 000", "nan", "inf", "0x10", "1e400", "1e39", "true", "", True, False, None, [1], float("nan"), b"1"],
)
def test_what_is_no_score(cell: Any) -> None:
    with pytest.raises(ValueError, match="must hold finite numbers, not"):
        score_of(cell)
