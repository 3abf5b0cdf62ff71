"""Seeds as a flag and a file spell them."""

from __future__ import annotations

import pytest

from engine.errors import UserError
from engine.runs.seeds import parse_seeds


@pytest.mark.parametrize(
    ("text", "seeds"),
    [("0", (0,)), ("0-2", (0, 1, 2)), ("0,3", (0, 3)), ("5, 0-2", (5, 0, 1, 2)), ("1,1,0-1", (1, 0)), ("7-7", (7,))],
)
def test_seeds(text: str, seeds: tuple[int, ...]) -> None:
    assert parse_seeds(text) == seeds


@pytest.mark.parametrize("text", ["", "a", "1.5", "-1", "2-0", "1-", "0-5000", "0x1", "²"])
def test_bad_seeds(text: str) -> None:
    with pytest.raises(UserError, match="seed"):
        parse_seeds(text)
