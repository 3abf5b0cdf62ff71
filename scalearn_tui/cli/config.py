"""``config``: what the user set once for all runs."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from scalearn_tui.cli.exits import ExitCode
from scalearn_tui.cli.flags import Json
from scalearn_tui.cli.output import print_json, print_table
from scalearn_tui.cli.usage import Commands

app = Commands(help="What applies to all runs: the values of the file config.toml in the home.", no_args_is_help=True)
Value = str | int | float | list[int | str] | dict[str, str] | None
Row = tuple[str, Value, str]
"""Key, value and origin."""


@app.command("show")
def show(
    origin: Annotated[bool, typer.Option("--origin", help="Say where each value comes from.")] = False, as_json: Json = False
) -> int:
    """Print every value that applies. Exit code 2 if the file has a mistake."""
    rows = _rows()
    if as_json:
        print_json({"values": {key: {"value": value, "origin": where} for key, value, where in rows}})
        return ExitCode.OK
    headings = ("key", "value", *(("origin",) if origin else ()))
    print_table(headings, [(key, _shown(value), where)[: len(headings)] for key, value, where in rows])
    return ExitCode.OK


def _rows() -> list[Row]:
    from engine.files.config import Config, read_config
    from engine.files.home import Home

    home = Home.default()
    config = read_config(home)
    values = config.model_dump(mode="json")
    return [
        ("home", str(home.root), _variable("SCALEARN_HOME")),
        # An address of a server may have a password.
        ("registry", "the database that SCALEARN_DB names" if os.environ.get("SCALEARN_DB") else str(home.database),
         _variable("SCALEARN_DB")),
        *((key, values[key], str(home.config) if key in config.model_fields_set else "default") for key in Config.model_fields),
    ]  # fmt: skip


def _variable(name: str) -> str:
    return f"${name}" if os.environ.get(name) else "default"


def _shown(value: Value) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {key}" for name, key in value.items()) or "–"
    return "–" if value is None else ", ".join(map(str, value)) if isinstance(value, list) else str(value)
