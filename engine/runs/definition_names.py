"""How one definition of a task differs from another, in the words of a declaration: ``template "{text}!"``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from engine.runs.definition import Definition

LONGEST = 40
"""Characters of a value that are shown; of a longer text, those from its first difference on."""
NOT_COMPARED = {"key", "headline"}
"""The headline metric changes which number is shown, and a run only where it selects the epoch."""
DERIVED = {"template", "columns", "label_column", "stratify", "dev", "tests"}
"""Of an own task these follow from other fields."""


def differences(definition: Definition, reference: Definition) -> list[str]:
    """What ``definition`` has that ``reference`` has not; empty where runs of both are the same."""
    ours, theirs = _flat(definition), _flat(reference)
    names = [name for name in {**theirs, **ours} if ours.get(name) != theirs.get(name)]
    declared = [name for name in names if name not in DERIVED] if "own" in definition else names
    return [_words(name, ours.get(name), theirs.get(name)) for name in declared or names]


def described(definition: Definition) -> dict[str, str]:
    """Every field that a declaration may set, by the name that it has in ``differences``."""
    fields = {name: value for name, value in _flat(definition).items() if name not in DERIVED and value not in (None, "", ())}
    return {TITLES.get(name, name.replace("_", " ")): SHOWN.get(name, _value)(value, None) for name, value in fields.items()}


def _flat(definition: Definition) -> dict[str, Any]:
    """Fields by name, those of own data beside those of the task, in the order in which they are told."""
    own: Mapping[str, Any] = definition.get("own", {})
    shares = dict(zip(("dev_share", "test_share"), definition.get("shares", ()), strict=False))
    fields = {name: value for name, value in definition.items() if name not in ("own", "shares", *NOT_COMPARED)}
    return {name: _plain(value) for name, value in {**own, **shares, **fields}.items()}


def _plain(value: Any) -> Any:
    """Lists as tuples, so that a definition read from JSON equals one made from a task."""
    if isinstance(value, list | tuple):
        return tuple(map(_plain, value))
    return {name: _plain(item) for name, item in value.items()} if isinstance(value, dict) else value


def _words(name: str, value: Any, other: Any) -> str:
    title = TITLES.get(name, name.replace("_", " "))
    if value in (None, "", ()):
        return f"no {title}"
    return f"{title} {SHOWN.get(name, _value)(value, other)}"


def _pattern(value: Any, other: Any) -> str:
    text, reference = str(value), str(other or "")
    if len(text) > LONGEST:
        same = next((at for at, pair in enumerate(zip(text, reference, strict=False)) if len(set(pair)) > 1), len(reference))
        start = max(0, min(same - 3, len(text) - LONGEST))
        text = ("…" if start else "") + text[start : start + LONGEST] + ("…" if start + LONGEST < len(text) else "")
    return f'"{text}"'


def _names(value: Any, _other: Any) -> str:
    """``negative, positive``, or how many there are where they are long."""
    names = [str(item) for item in ((value,) if isinstance(value, str) else value)]
    listed = ", ".join(name or '""' for name in names)
    return listed if len(listed) <= LONGEST else f"{names[0]}, … ({len(names)})"


def _share(value: Any, _other: Any) -> str:
    return f"{100 * value:g}%"


def _dataset(value: Any, _other: Any) -> str:
    splits = ", ".join(f"{ours} {theirs}" for ours, theirs in value["splits"])
    return " ".join(text for text in (value["config"], splits) if text)


def _value(value: Any, _other: Any) -> str:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return _names(value, None)
    return str(value).lower() if isinstance(value, bool) else str(value)


TITLES = {"text": "template", "template": "form", "files": "files of", "label": "label column"}
SHOWN: dict[str, Callable[[Any, Any], str]] = {
    "text": _pattern, "pair": _pattern, "options": _names, "labels": _names, "drop_labels": _names, "files": _names,
    "dev_share": _share, "test_share": _share, "dataset": _dataset,
}  # fmt: skip
