"""Records of one kind, in a form that is iterated, written or given to pandas."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    import pandas

Record = TypeVar("Record")
SettingTypes = Mapping[str, type]
SETTING = "settings."
"""Begins the columns of settings: the names that ``pandas.json_normalize`` gives them."""


class ResultRows(Generic[Record]):
    """Iterating reads the records; nothing is kept, and iterating again reads them again."""

    def __init__(self, kind: type[Any], read: Callable[[], Iterator[Record]], settings: SettingTypes | None = None) -> None:
        """``kind`` is the records' type; ``settings`` has all names that their ``settings`` may have, with the types."""
        self.kind = kind
        self.settings: SettingTypes = settings or {}
        self._read = read

    def __iter__(self) -> Iterator[Record]:
        return self._read()

    @property
    def columns(self) -> dict[str, str]:
        """Of a table: the fields, and in place of ``settings`` one column for each; with the annotations of their types."""
        columns: dict[str, str] = {}
        for field in fields(self.kind):
            if field.name == "settings":
                columns |= {f"{SETTING}{name}": kind.__name__ for name, kind in self.settings.items()}
            else:
                columns[field.name] = str(field.type)
        return columns

    @property
    def fields(self) -> list[str]:
        """Of a record."""
        return [field.name for field in fields(self.kind)]

    def tuples(self) -> Iterator[tuple[Any, ...]]:
        """The records' values in the order of ``columns``; None for a setting that a run's method lacks."""
        names = self.fields
        values_of = attrgetter(*names)
        place = names.index("settings") if "settings" in names else None
        for record in self:
            values = values_of(record)
            if place is not None:
                settings = tuple(map(values[place].get, self.settings))
                values = (*values[:place], *settings, *values[place + 1 :])
            yield values

    def to_pandas(self) -> pandas.DataFrame:
        """All records as a table with ``columns``; lists are tuples, so that they can be grouped by."""
        import pandas

        return pandas.DataFrame.from_records(list(self.tuples()), columns=list(self.columns))
