"""Every command and flag is documented, and every command line in the documents would be understood."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from scalearn_tui.cli.app import app
from tests.docs.pages import GUIDE, REFERENCE, ROOT, commands

COMPLETION = {"--install-completion", "--show-completion"}
"""Typer's own."""


def leaves(command: Any = None, path: str = "scalearn") -> Iterator[tuple[str, Any]]:
    """Every command that does something, by what is typed to call it."""
    command = typer.main.get_command(app) if command is None else command
    inner = getattr(command, "commands", {})
    if not inner:
        yield path, command
    for name, command in inner.items():
        yield from leaves(command, f"{path} {name}")


COMMANDS = dict(leaves())


def test_the_reference_is_what_the_help_says() -> None:
    script = [sys.executable, str(ROOT / "docs" / "cli_reference.py")]
    made = subprocess.run(script, capture_output=True, text=True, check=True, timeout=60, cwd=ROOT).stdout
    assert made == REFERENCE.read_text(), "docs/cli.md is out of date: make docs"


def test_the_guide_has_every_command_and_every_flag() -> None:
    guide = "\n".join(page.read_text() for page in GUIDE)
    named = {words for text in commands(guide) for words in (" ".join(text.split()[:2]), " ".join(text.split()[:3]))}
    assert {path for path in COMMANDS if path not in named} == set()
    words = set(re.findall(r"(?<![\w-])--?[a-z][\w-]*", guide))
    options = [option for command in COMMANDS.values() for option in command.params if option.opts[0].startswith("-")]
    flags = {" or ".join(option.opts) for option in options if words.isdisjoint(option.opts)}
    assert len(options) > 30 and flags == set()


def understood(words: list[str]) -> None:
    """Raises TyperException for an unknown command, flag or value, and passes over arguments that are left out."""
    path = " ".join(words[:3]) if " ".join(words[:3]) in COMMANDS else " ".join(words[:2])
    if path in COMMANDS:
        try:
            COMMANDS[path].make_context(path, words[len(path.split()) :])
        except typer.TyperException as error:
            if type(error).__name__ != "MissingParameter":
                raise
    elif not any(known.startswith(" ".join(words)) for known in COMMANDS):
        assert words[1:] in (["--help"], ["--version"]), f"no command {shlex.join(words)}"


@pytest.mark.parametrize("page", [*GUIDE, ROOT / "scalearn_tui" / "cli" / "app.py"], ids=lambda page: page.name)
def test_commands_in_the_documents_are_understood(page: Path) -> None:
    for text in commands(page.read_text()):
        understood(shlex.split(text))


@pytest.mark.parametrize(
    "text", ["scalearn trian", "scalearn ls --stat x", "scalearn leaderboard --format pdf", "scalearn data a"]
)
def test_a_command_that_does_not_exist_is_noticed(text: str) -> None:
    (words,) = map(shlex.split, commands(f"so: `{text}`"))
    with pytest.raises((typer.TyperException, AssertionError)):
        understood(words)
