"""Single cells of users' files: as text, as numbers, as lists of labels, and as messages quote them."""

from __future__ import annotations

import ast
import json
import math
import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from engine.catalog.numbers import number_of

MAX_LABELS_SHOWN, MAX_CHARACTERS_SHOWN = 10, 60
"""Labels, and characters of a cell, in a message."""
LONGEST_LIST = 10_000
"""Characters of a cell that is parsed as a list."""
LARGEST_SCORE = (2 - 2**-23) * 2.0**127
"""The largest finite number of 32 bits, in which losses are computed."""
BRACKETS = {"[": "]", "(": ")", "{": "}"}
JOINED = re.compile(r"""['"]\s*['"]""")
"""Two texts without a comma between them: numpy prints arrays so, and Python would join them to one text."""


def is_empty(cell: Any) -> bool:
    """Whether the cell is missing, blank or not a number."""
    return cell is None or (isinstance(cell, str) and not cell.strip()) or (isinstance(cell, float) and math.isnan(cell))


def word(cell: Any) -> str:
    """A cell as text: booleans as in JSON, whole numbers without a decimal point."""
    if isinstance(cell, bool):
        return str(cell).lower()
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell).strip()


def score_of(cell: Any) -> float:
    """A number that is finite in 32 bits, or a text that is one in plain decimal notation. Raises ValueError, also for true and
    false."""
    if isinstance(cell, str):
        number = number_of(cell.strip())
        value = math.nan if number is None else float(number)
    else:
        value = float(cell) if isinstance(cell, int | float | Decimal) and not isinstance(cell, bool) else math.nan
    if not abs(value) <= LARGEST_SCORE:
        raise ValueError(f"must hold finite numbers, not {json.dumps(cell, default=str)}")
    return value


def looks_like_list(cell: Any) -> bool:
    """Whether a text is bracketed like a list of Python or JSON; other brackets count only around quotes."""
    text = cell.strip() if isinstance(cell, str) else ""
    bracketed = len(text) > 1 and BRACKETS.get(text[0]) == text[-1]
    return bracketed and (text[0] == "[" or text[1:-1].strip()[:1] in ("'", '"'))


def list_in(text: str) -> list[Any]:
    """The items of a text that is a list in JSON or in Python's notation. Raises ValueError."""
    problem = ValueError(f"looks like a list but is none in JSON or Python: {quoted(text)}")
    if len(text) > LONGEST_LIST:
        raise problem
    try:
        items = json.loads(text)
    except (ValueError, RecursionError):
        if JOINED.search(re.sub(r"''|\"\"", "", text)):
            raise problem from None
        try:
            items = ast.literal_eval(text.strip())
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            raise problem from None
    if not isinstance(items, list | tuple | set) or any(isinstance(item, list | tuple | set | dict) for item in items):
        raise problem
    return sorted(items, key=str) if isinstance(items, set) else list(items)


def quoted(text: str) -> str:
    """Quoted, on one line, and cut: a cell that holds no label may be long."""
    return json.dumps(text if len(text) <= MAX_CHARACTERS_SHOWN else f"{text[:MAX_CHARACTERS_SHOWN]}...", ensure_ascii=False)


def listed(names: Sequence[str]) -> str:
    """The first names, and how many there are."""
    rest = f", ... ({len(names)} in all)" if len(names) > MAX_LABELS_SHOWN else ""
    return ", ".join(names[:MAX_LABELS_SHOWN]) + rest
