"""What foreign text may not do in the files that leaderboards are written to."""

from __future__ import annotations

import json

import pytest

from engine.reports.sinks import csv_cell, json_text, markdown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("learning_rate=0.003", "learning_rate=0.003"),
        ("a|b", "a\\|b"),
        ("<img src=x onerror=y>", "\\<img src=x onerror=y\\>"),
        ("[click](http://x)", "\\[click\\](http://x)"),
        ("_not_ *bold* `code`", "\\_not\\_ \\*bold\\* \\`code\\`"),
        ("&lt;b&gt;", "\\&lt;b\\&gt;"),
        ("two\nlines", "two lines"),
        ("\x1b[31mred\u202e", "\ufffd\\[31mred\ufffd"),
    ],
)
def test_markdown_shows_text_as_it_is(text: str, shown: str) -> None:
    assert markdown(text) == shown


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("+cmd", "'+cmd"),
        ("@sum", "'@sum"),
        ("-x", "'-x"),
        ("\t=1", "' =1"),
        ("-1.5", "-1.5"),
        ("+2", "+2"),
        ("mood", "mood"),
        (-1.5, -1.5),
        (None, ""),
    ],
)
def test_spreadsheets_compute_nothing(value: object, cell: object) -> None:
    assert csv_cell(value) == cell


def test_json_means_the_same_and_holds_nothing_that_a_terminal_obeys() -> None:
    document = json.dumps({"a": "\x9b31m \u202e \x7f naïve"}, ensure_ascii=False)
    assert json.loads(json_text(document)) == json.loads(document)
    assert json_text(document).isprintable() and "naïve" in json_text(document)
