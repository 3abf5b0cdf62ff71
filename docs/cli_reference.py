"""Prints ``docs/cli.md``: the help of every command, as a terminal of 80 columns shows it. ``make docs`` writes the file."""

from __future__ import annotations

import os
from collections.abc import Iterator

os.environ["TYPER_USE_RICH"] = "0"

import typer

from scalearn_tui.cli.app import app

TITLE = """\
# Command-line reference

Made from `--help` by `make docs`; a test fails when it is out of date. How things work is explained on the pages that the
[README](../README.md#more) lists."""


def pages() -> Iterator[str]:
    """A section for each command, groups before their commands."""

    def walk(command: typer.core.TyperCommand | typer.core.TyperGroup, context: typer.Context) -> Iterator[str]:
        yield f"## {context.command_path}\n\n```\n{command.get_help(context)}\n```"
        for name, inner in sorted(getattr(command, "commands", {}).items()):
            yield from walk(inner, typer.Context(inner, parent=context, info_name=name, **inner.context_settings))

    root = typer.main.get_command(app)
    yield from walk(root, typer.Context(root, info_name="scalearn", terminal_width=80, **root.context_settings))


if __name__ == "__main__":
    print("\n\n".join([TITLE, *pages()]))
