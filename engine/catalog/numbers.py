"""Names of labels that are numbers: ``1``, ``1.0`` and ``1e0`` are one class."""

from __future__ import annotations

import re
from decimal import Decimal

NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,6})?")


def number_of(name: str) -> Decimal | None:
    """The exact value of a decimal number; None for any other text, such as ``1_000``, ``nan`` or ``0x10``."""
    return Decimal(name) if NUMBER.fullmatch(name) else None


def is_number(name: str) -> bool:
    """Whether the name is a decimal number."""
    return number_of(name) is not None


def label_key(name: str) -> Decimal | str:
    """What is equal for the spellings of one label: the value of a number, else the name itself."""
    number = number_of(name)
    return name if number is None else number


def is_whole(name: str) -> bool:
    """Whether the name is a whole number in plain digits, which may be an id."""
    return name.removeprefix("-").isdecimal()
