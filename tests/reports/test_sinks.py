"""What foreign text may not do in the files that leaderboards are written to."""

from __future__ import annotations

import json

import pytest

from engine.reports.latex_sink import latex
from engine.reports.sinks import csv_cell, html, json_text, markdown, script_json


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


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("learning_rate=0.003", r"learning\_rate=0.003"),
        (r"\input{x} 50% $x$ #1 a&b {y}", r"\textbackslash{}input\{x\} 50\% \$x\$ \#1 a\&b \{y\}"),
        ("~^<>|", r"\textasciitilde{}\textasciicircum{}\textless{}\textgreater{}\textbar{}"),
        ("[x] --- ''", "{[}x{]} -{}-{}- '{}'"),
        ("?` 1–4", r"?\textquoteleft{} 1\textendash{}4"),
        ("α≤β −3 ± Ω ΑΛ", r"$\alpha$$\leq$$\beta$ $-$3 $\pm$ $\Omega$ $A$$\Lambda$"),
        ("é e\u0301 ç ő Ł ß", r"\'{e} \'{e} \c{c} \H{o} \L{} \ss{}"),
        ("中 ж 🙂 q\u0301", r"\texttt{U+4E2D} \texttt{U+0436} \texttt{U+1F642} q\texttt{U+0301}"),
        ("a\u200bb\x1b\ufeffc\nd\u202e\r\u2028", "abc d  "),
        ("\ud800", r"\texttt{U+D800}"),
    ],
)
def test_latex_shows_text_as_it_is(text: str, shown: str) -> None:
    assert latex(text) == shown and shown.isascii()


def test_html_is_text_and_in_one_line() -> None:
    assert html('<b onclick="x">\'&amp;\n\u202e') == "&lt;b onclick=&quot;x&quot;&gt;&#x27;&amp;amp; \ufffd"


def test_json_in_a_script_element_does_not_end_it() -> None:
    document = json.dumps({"a": "</script><!--\u2028"}, ensure_ascii=False)
    assert json.loads(script_json(document)) == json.loads(document)
    assert "<" not in script_json(document) and "\u2028" not in script_json(document)
