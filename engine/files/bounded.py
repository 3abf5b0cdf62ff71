"""Reading files of users' own, which may be anything: a pipe, a device, a gigabyte, a hundred thousand brackets."""

from __future__ import annotations

import json
import os
import stat
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engine.errors import UserError

MEBIBYTE = 1 << 20
MOST_PARTS = 100
"""Of a dotted key of TOML; what users declare has four."""
LARGEST = 1 << 63
"""TOML's whole numbers have 64 bits; the parser takes longer ones, which Python then refuses to print."""


def read_text(path: Path, most: int = MEBIBYTE, encoding: str = "utf-8") -> str:
    """The text of a regular file of at most ``most`` bytes.

    Raises UserError for anything else, OSError where it cannot be opened and UnicodeDecodeError for another encoding.
    """
    # Without waiting: opening a pipe would block until somebody writes to it.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(descriptor, "rb") as file:
        about = os.fstat(descriptor)
        if not stat.S_ISREG(about.st_mode):
            raise UserError(f"{path} is no regular file; name one with text")
        if about.st_size > most:
            raise UserError(f"{path} has {about.st_size:,} bytes; such a file has at most {most:,}")
        return file.read(most + 1).decode(encoding)


def read_json(path: Path, most: int = MEBIBYTE) -> Any:
    """The JSON document in a file. Raises as ``read_text``, and ValueError for text that is no JSON or too deeply nested."""
    return parse_json(read_text(path, most))


def parse_json(text: str) -> Any:
    """A JSON document. Raises ValueError for anything else, and for one that is too deeply nested or has a number too long."""
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def read_toml(path: Path) -> dict[str, Any]:
    """The TOML document in a file. Raises UserError, in one line that names the file, where there is none."""
    return parse_toml(read_declared(path), path)


def read_declared(path: Path) -> str:
    """The text of a file in which a user declares something. Raises UserError as ``read_toml``."""
    try:
        return read_text(path, encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise UserError(f"{path} is not UTF-8; save it in that encoding") from None
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}") from None


def parse_toml(text: str, path: Path) -> dict[str, Any]:
    """A TOML document that was read from ``path``. Raises UserError as ``read_toml``."""
    for number, line in enumerate(text.splitlines(), start=1):
        # The parser takes time and memory by the square of a key's parts.
        if line.partition("=")[0].count(".") > MOST_PARTS or line.count(".") > 10 * MOST_PARTS:
            raise UserError(f"{path}:{number}: a key of more than {MOST_PARTS} parts; write tables and plain keys")
    try:
        document = tomllib.loads(text)
    except RecursionError:
        raise UserError(f"{path}: not valid TOML: it is nested too deeply") from None
    except ValueError as error:
        message, _, position = str(error).partition(" (at line ")
        raise UserError(f"{path}{':' + position.split(',')[0] if position else ''}: not valid TOML: {message}") from None
    if any(isinstance(value, int) and not -LARGEST <= value < LARGEST for value in _values(document)):
        raise UserError(f"{path}: not valid TOML: a whole number of more than 64 bits")
    return document


def _values(document: Any) -> Iterator[Any]:
    pending = [document]
    while pending:
        value = pending.pop()
        if isinstance(value, dict | list):
            pending += value.values() if isinstance(value, dict) else value
        else:
            yield value
