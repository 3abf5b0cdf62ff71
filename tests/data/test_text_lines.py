"""Rows of JSON lines and of tables: on which line they begin, and what is refused."""

from __future__ import annotations

import io

import pytest

from engine.data import text_lines
from engine.data.text_lines import Unreadable, json_rows, table_rows

Refused = list[tuple[int, str]]


def table(text: str | bytes, delimiter: str = ",") -> tuple[list[tuple[int, dict[str, str]]], Refused]:
    """The rows, and what was refused."""
    refused: Refused = []
    data = text.encode() if isinstance(text, str) else text
    rows = list(table_rows(io.BytesIO(data), delimiter, ["text"], lambda line, why: refused.append((line, why))))
    return rows, refused


def test_cells_may_be_quoted_and_hold_lines() -> None:
    rows, refused = table('\ufeffid,text\r\n1,"a ""b"",\nc"\r\n\r\n2, d\n')
    assert rows == [(2, {"id": "1", "text": 'a "b",\nc'}), (5, {"id": "2", "text": " d"})]
    assert refused == []
    assert table("text\tid\n'a'\t1", "\t")[0] == [(2, {"text": "'a'", "id": "1"})]


def test_bad_rows_of_a_table_are_refused_by_the_line_on_which_they_begin() -> None:
    text = b'text,id\nok,1\n"a"b,2\n"a\n\xff\nc",3\nd,4,5\ne\nok,6\n"f\n,7\nok,8\n'
    rows, refused = table(text)
    assert [row["id"] for _, row in rows] == ["1", "6"]
    assert [line for line, _ in refused] == [3, 4, 7, 8, 10]
    reasons = ("the quotes of this row do not", "not UTF-8", "has 3 cells, but the header names 2", "1 cell,", "up to line 12")
    for (_, why), expected in zip(refused, reasons, strict=True):
        assert expected in why


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("", 1, "this is empty"),
        ("a,b\n1,2\n", 1, "the header has no column 'text'; needed: text"),
        ("\ntext,text\n", 2, "the header names 'text' twice"),
        ('text\nok\n"' + "a\n" * 100, 3, "has more than 64 bytes; is there a quote that does not end?"),
        ("text\n" + "a" * 100, 2, "has more than 64 bytes"),
    ],
)
def test_a_table_that_cannot_be_read_ends(text: str, line: int, why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_lines, "LONGEST", 64)
    with pytest.raises(Unreadable, match=why) as end:
        table(text)
    assert end.value.line == line


def test_after_a_line_that_is_too_long_others_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_lines, "LONGEST", 16)
    refused: Refused = []
    file = io.BytesIO(b'{"a": 1}\n{"a": "' + b"x" * 50 + b'"}\n{"a": 2}')
    rows = list(json_rows(file, lambda line, why: refused.append((line, why))))
    assert rows == [(1, {"a": 1}), (3, {"a": 2})]
    assert refused == [(2, "this line has more than 16 bytes")]
