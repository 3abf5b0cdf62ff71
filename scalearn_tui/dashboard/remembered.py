"""What the dashboard remembers from one time to the next: ``dashboard.json`` in the home."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields

from engine.files.home import Home


@dataclass(frozen=True)
class Remembered:
    """What a user chose last."""

    theme: str = ""
    """Empty for the usual one."""
    left_out: str = ""
    """Keys of the columns that the list of runs is without, with commas between them."""


def recall(home: Home) -> Remembered:
    """What was chosen; of a file that is missing, damaged or of another version, what can be read."""
    if not home.remembered.is_file():
        return Remembered()
    import json

    try:
        known = json.loads(home.remembered.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return Remembered()
    if not isinstance(known, dict):
        return Remembered()
    names = [field.name for field in fields(Remembered)]
    return Remembered(**{name: known[name] for name in names if isinstance(known.get(name), str)})


def remember(home: Home, chosen: Remembered) -> None:
    """Write what was chosen, where there is a home. Blocks."""
    import json

    from engine.files.disk import atomic_write

    if home.root.is_dir():
        with atomic_write(home.remembered) as draft:
            draft.write_text(json.dumps(asdict(chosen)), encoding="utf-8")
