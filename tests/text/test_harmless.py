"""Foreign text cannot drive the terminal that shows it."""

from __future__ import annotations

import ast
import io
import json
import unicodedata
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest
from rich.text import Text

import scalearn_tui.cli
from scalearn_tui.cli.output import complain, print_line, print_table
from scalearn_tui.text.harmless import harmless, harmless_json

HOSTILE = ["\x1b]0;owned\x07", "\x1b[2J", "\x9b31m", "a\rb", "a\nb", "\x08\x08x", "\u202eevil", "\u2028", "\x00", "\ud800"]


def lively(text: str) -> list[str]:
    """The characters that a terminal obeys."""
    kinds = ("Cc", "Cs", "Zl", "Zp")
    return [sign for sign in text if unicodedata.category(sign) in kinds or 0x202A <= ord(sign) <= 0x202E]


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_nothing_that_a_terminal_obeys_is_left(text: str) -> None:
    assert lively(harmless(f"label {text} end")) == []
    assert json.loads(harmless_json(json.dumps({"a": text}, ensure_ascii=False))) == {"a": text}
    assert lively(harmless_json(json.dumps({"a": text.replace("\ud800", "")}, ensure_ascii=False))) == []


def test_what_people_write_stays() -> None:
    for text in ("naïve café", "日本語", "שלום", "ΔΣ ≤ 5", "👩‍👩‍👧", "tab\tand\nline"):
        assert harmless(text) == text.replace("\t", " ").replace("\n", " ")


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_every_way_to_the_terminal_is_harmless(text: str) -> None:
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        print_line(text)
        print_table(("name", text), [(text, Text(text, style="bold"))])
        complain(text)
    assert [sign for sign in lively(out.getvalue() + err.getvalue()) if sign != "\n"] == []
    assert len(err.getvalue().splitlines()) == 1


def test_no_command_writes_to_the_terminal_by_itself() -> None:
    """``output.py`` is the one place from which text reaches the terminal."""
    folder = Path(scalearn_tui.cli.__file__).parent
    for path in folder.glob("*.py"):
        called = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
        printed = [call for call in called if isinstance(call.func, ast.Name) and call.func.id == "print"]
        assert path.name in ("output.py", "app.py") or not printed or path.name == "leaderboard.py", path.name
