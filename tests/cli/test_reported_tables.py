"""Tables of kinds that users of other tools reported have the right outcome."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine.catalog.catalog import BUILT_IN
from engine.data.new_texts import CheckedTexts
from engine.errors import UserError
from tests.own_benchmarks.adding import Adding, codes

CASES = Path(__file__).parents[2].parent / "shared" / "cases"
"""Inputs that users of other tools reported, beside a checkout; the tests below write their own of each kind."""


@pytest.mark.skipif(not CASES.is_dir(), reason="the reported inputs are not beside this checkout")
@pytest.mark.parametrize(
    ("case", "code", "expected"),
    [
        ("number_labels/stars", 0, ["number_spellings stars_test.csv:2"]),
        ("list_cells/lists", 0, []),
        ("lone_quotes/quotes", 0, ["multiline_cell quotes.tsv:12"]),
        ("no_gold_label/snli", 0, ["no_gold_label snli.csv:9"]),
        ("leak/dup", 0, ["leak dup.csv:7", "leak dup.csv:2"]),
        ("label_variants/case", 0, ["similar_labels case.csv:2"]),
        ("numbers/reg", 2, 'reg.csv:7: column "label" must hold finite numbers, not "1_000"'),
        ("numbers/mc1", 2, 'mc1.jsonl:4: column "label": "4" is not one of a, b, c, d; ids count from 0'),
    ],
)
def test_reported_inputs(case: str, code: int, expected: Any, adding: Adding) -> None:
    actual, document, err = adding.add(CASES / f"{case}.toml")
    assert actual == code
    if code:
        assert expected in err
    else:
        assert [f"{code} {file}:{line}" for code, file, line in codes(document)] == expected


@pytest.mark.skipif(not CASES.is_dir(), reason="the reported inputs are not beside this checkout")
def test_a_reported_query_without_a_gap() -> None:
    path = CASES / "record" / "rec.jsonl"
    with path.open("rb") as file, pytest.raises(UserError, match=r"^rec.jsonl:2: 'query' has no @placeholder"):
        CheckedTexts(file, path.name, "jsonl", BUILT_IN.tasks["superglue/record"])
