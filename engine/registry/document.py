"""A column of JSON in a record."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any

from engine.errors import UserError


class Document:
    """A column of JSON, decoded when it is read first: most readers of many runs look at the documents of few."""

    def __init__(self, default: Any = None) -> None:
        self._default = default

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = f"_{name}"

    def __get__(self, row: Any, owner: type | None = None) -> Any:
        if row is None:
            # The default of the field, as dataclasses ask for it.
            return self._default
        value = row.__dict__[self._name]
        if isinstance(value, str):
            try:
                value = row.__dict__[self._name] = json.loads(value)
            except ValueError:
                key = getattr(row, fields(row)[0].name)
                what = f"the registry is damaged: {self._name[1:]} of {type(row).__name__.lower()} {key} is no JSON"
                raise UserError(f"{what}; `scalearn db recover` saves what can be read", 1) from None
        return value

    def __set__(self, row: Any, value: Any) -> None:
        row.__dict__[self._name] = value
