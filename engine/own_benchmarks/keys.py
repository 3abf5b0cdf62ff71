"""The keys of one table of a declaration: read, checked, and named with the file in every mistake."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NoReturn

from engine.errors import UserError
from engine.own_benchmarks.pattern import fields


class Keys:
    """The keys of one table; every mistake names the file and the key."""

    def __init__(self, file: Path, table: str, values: Mapping[str, Any], known: Sequence[str]) -> None:
        self.file, self.table, self.values = file, table, values
        for key in values:
            if key not in known:
                close = get_close_matches(key, known, 1)
                advice = f"did you mean {close[0]}?" if close else f"there are {', '.join(known)}"
                raise UserError(f"{file}: unknown key {self._full(key)}; {advice}")

    def fail(self, key: str, message: str) -> NoReturn:
        raise UserError(f"{self.file}: {self._full(key)} {message}")

    def lacks(self, key: str, example: str) -> NoReturn:
        raise UserError(f"{self.file}: {self.table or 'the file'} lacks the key {key}, as in {example}")

    def text(self, key: str, default: str | None = None, blank: bool = False) -> str:
        """A string that is not empty, and not blank unless ``blank``."""
        value = self.values.get(key, default)
        if value is None:
            self.lacks(key, {"name": 'name = "shop"', "train": 'train = "train.csv"'}.get(key, f'{key} = "{{question}}"'))
        if not isinstance(value, str) or not (value if blank else value.strip()):
            self.fail(key, f"must be a string, not {shown(value)}")
        return value

    def texts(self, key: str, default: tuple[str, ...] = (), blank: bool = False) -> tuple[str, ...]:
        """Distinct strings (or whole numbers, as strings), not blank unless ``blank``; a single one needs no list."""
        value = self.values.get(key)
        if value is None:
            return default
        items = value if isinstance(value, list) else [value]
        if not items or any(
            isinstance(item, bool) or not isinstance(item, str | int) or not (blank or str(item).strip()) for item in items
        ):
            self.fail(key, f"must be a list of strings, not {shown(value)}")
        texts = tuple(map(str, items))
        stripped = [text.strip() for text in texts]
        if duplicate := next((text for text in stripped if stripped.count(text) > 1), None):
            self.fail(key, f"has {shown(duplicate)} twice")
        return texts

    def flag(self, key: str) -> bool | None:
        value = self.values.get(key)
        if value is not None and not isinstance(value, bool):
            self.fail(key, f"must be true or false, not {shown(value)}")
        return value

    def choice(self, key: str, choices: Sequence[str]) -> str:
        value = self.values.get(key, choices[0])
        if value not in choices:
            close = get_close_matches(str(value), choices, 1)
            advice = f"did you mean {close[0]}?" if close else f"there are {', '.join(choices)}"
            self.fail(key, f"cannot be {shown(value)}; {advice}")
        return str(value)

    def pattern(self, key: str, pattern: str) -> str:
        try:
            fields(pattern)
        except ValueError as error:
            self.fail(key, str(error))
        return pattern

    def path(self, key: str) -> Path:
        """A file, relative to the TOML file."""
        text = self.text(key)
        try:
            path = (self.file.parent / Path(text).expanduser()).resolve()
            exists = path.is_file()
        except (OSError, ValueError, RuntimeError):
            # Too long, a null byte, or the home of an unknown user.
            self.fail(key, f"cannot be the name of a file: {shown(text)[:80]}")
        if not exists:
            self.fail(key, f"is {path}, which is {'a folder' if path.is_dir() else 'missing'}")
        return path

    def share(self, key: str) -> float:
        value = self.values[key]
        if isinstance(value, bool) or not isinstance(value, float | int) or not 0 < value < 1:
            self.fail(key, f"must be a file or a share of train between 0 and 1, not {shown(value)}")
        return float(value)

    def _full(self, key: str) -> str:
        return f"{self.table}.{key}" if self.table else key


def shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else str(value)
