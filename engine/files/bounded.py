"""Reading files of users' own, which may be anything: a pipe, a device, a gigabyte, a hundred thousand brackets."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

from engine.errors import UserError

MEBIBYTE = 1 << 20


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
