"""JSON as bundles have it: no duplicate keys, no NaN, no number that does not fit, written in one form."""

from __future__ import annotations

import json
import math
from typing import Any

MOST_BYTES = 16 << 20
LARGEST = 1 << 63


def canonical(value: Any) -> bytes:
    """The one form of a document: sorted keys, no blanks, UTF-8, a line break at the end."""
    return _line(value, sort_keys=True)


def in_order(value: Any) -> bytes:
    """The same with keys in the order that they have, which tells a reader something."""
    return _line(value, sort_keys=False)


def _line(value: Any, sort_keys: bool) -> bytes:
    text = json.dumps(value, sort_keys=sort_keys, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode() + b"\n"


def parse(data: bytes) -> Any:
    """The document that ``data`` is. Raises ValueError, in one line, for anything that ``in_order`` would not write."""
    if len(data) > MOST_BYTES:
        raise ValueError(f"it has {len(data):,} bytes of JSON; {MOST_BYTES:,} are read at most")
    try:
        return json.loads(
            data.decode(), object_pairs_hook=_object, parse_constant=_constant, parse_float=_float, parse_int=_integer
        )
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice[:40]!r} occurs twice")
    return found


def _constant(text: str) -> None:
    raise ValueError(f"{text} is no number of JSON")


def _float(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"the number {text[:20]} is too large")
    return number


def _integer(text: str) -> int:
    # Python reads up to 4,300 digits, which no column and no array can hold.
    if len(text) > len(str(LARGEST)) + 1 or not -LARGEST <= int(text) < LARGEST:
        raise ValueError(f"the number {text[:20]}... has more than 64 bits")
    return int(text)
