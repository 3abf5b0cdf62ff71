"""What is suspicious in a column of labels, and what is not."""

from __future__ import annotations

import pytest

from engine.own_benchmarks.notices import Column, Finding, class_findings, label_findings, normalised


def findings(*names: str) -> list[Finding]:
    return list(label_findings(Column.of("mood", [[name] for name in names])))


@pytest.mark.parametrize(
    ("names", "code", "row"),
    [
        (["0", "1", "-1", "0"], "no_gold_label", 2),
        (["0", "1", "-1.0"], "no_gold_label", 2),
        (["yes", "no", "yes", "-"], "no_gold_label", 3),
        (["yes", "no", "N/A"], "no_gold_label", 2),
        (["yes", "no", "None"], "no_gold_label", 2),
        (["yes", "no", "Unlabeled"], "no_gold_label", 2),
        (["0", "1", "-100"], "no_gold_label", 2),
        (["1", "2", "1.0"], "number_spellings", 0),
        (["1", "1", "02", "2", "2"], "number_spellings", 2),
        (["pos", "Pos", "pos", "neg"], "similar_labels", 1),
        (["very good", "verygood", "bad"], "similar_labels", 0),
        (["caf\u00e9", "cafe\u0301", "bar"], "similar_labels", 0),
        (["good\u200b", "good", "bad"], "similar_labels", 0),
        (["a", "b", "Mood", "a"], "label_is_column_name", 2),
        ([str(n / 10) for n in range(12)], "continuous_labels", None),
        (["0.1", "0.2", "0.3"], "continuous_labels", None),
        ([str(n) for n in range(51)] * 3, "continuous_labels", None),
        ([str(2 * n) for n in range(51)] * 9, "continuous_labels", None),
        ([str(n / 10) for n in range(12)] + ["unknown"], "continuous_labels", None),
    ],
)
def test_suspicious_labels(names: list[str], code: str, row: int | None) -> None:
    (finding,) = findings(*names)
    assert (finding.code, finding.row) == (code, row)
    assert "\n" not in finding.message and "labels" in finding.message


@pytest.mark.parametrize(
    "names",
    [["-1", "1"], ["+", "-"], ["a", "b", "a"], ["1", "2", "3"] * 4, ["1.0", "10.0", "2.0"] * 3,
     [f"{n / 2}" for n in range(10)] * 3, ["1", "10", "01x"],
     ["-2", "-1", "0", "1", "2"], ["-1.0", "-0.5", "0.5", "1.0"] * 2, [str(n) for n in range(150)] * 5],
)  # fmt: skip
def test_plain_labels(names: list[str]) -> None:
    assert findings(*names) == []


def test_rare_classes() -> None:
    found = list(class_findings("mood", ("a", "b", "c"), {"a": 2, "b": 1}, {"a": 0, "b": 1}))
    assert [(finding.code, finding.row) for finding in found] == [("empty_class", None), ("single_row_class", 1)]
    assert list(class_findings("mood", ("a", "b"), {"a": 2, "b": 2}, {"a": 0, "b": 1})) == []


def test_normalising() -> None:
    assert normalised(" A\u00a0 B\n\uff23\u200d ") == "a b c" == normalised("a b c")
    assert normalised("STRASSE") == normalised("stra\u00dfe")
    assert normalised("caf\u00e9") == normalised("CAFE\u0301")
    assert normalised("a") != normalised("b")
