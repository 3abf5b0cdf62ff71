from typing import Any


class Anonymous:
    records: list[Any]
    sweep: Any
    notes: list[str]

    def __init__(self, *a: Any) -> None: ...


def refuse_private(*a: Any) -> None: ...
