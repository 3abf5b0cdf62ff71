"""The settings of the methods that a form names: defaults, where they come from, ranges, and what is typed in their place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.catalog.defaults import DEFAULT_METHOD
from engine.catalog.method import setting_text
from engine.errors import UserError
from scalearn_tui.text.options import words

if TYPE_CHECKING:
    from engine.catalog.catalog import Catalog
    from engine.catalog.method import Hyperparameter, MethodInfo
    from engine.catalog.task import TaskInfo

Scope = tuple[str, str]
"""What defaults hang on beside the method: a task's key, or the common name of several, and what selects the epoch."""


@dataclass(frozen=True)
class SettingLine:
    """One setting. Where methods or targets differ in it, their values stand beside each other."""

    name: str
    default: str = ""
    origin: str = ""
    """Where the default comes from (``MethodInfo.origins``)."""
    bounds: str = ""
    """``1e-08 to 10``, or the choices."""
    help: str = ""
    typed: str = ""
    """What is typed off the default."""
    error: str = ""
    """Why what is typed cannot be."""


def settings_at_hand(values: Mapping[str, str], catalog: Catalog) -> list[SettingLine]:
    """The settings of the methods in ``values`` (by option), after names that are typed and that none of the methods has."""
    methods = _methods(values, catalog)
    shots = next((int(count) for count in words(values.get("shots")) if count.isdecimal()), None)
    typed = _typed(values)
    known = {name: setting for method in methods for name, setting in method.hyperparameters().items()}
    errors = {name: _error(name, texts, methods) for name, texts in typed.items()}
    lines = [SettingLine(name, typed=_joined(texts), error=errors[name]) for name, texts in typed.items() if name not in known]
    resolved = [
        (method.resolve({}, *scope, shots), method.origins(*scope, shots))
        for method in methods
        for scope in _scopes(method, values, catalog)
    ]
    for name, setting in known.items():
        having = [(setting_text(settings[name]), origins[name]) for settings, origins in resolved if name in settings]
        default = _joined([value for value, _ in having])
        text = _joined([_shown(setting, value) for value in typed.get(name, ())])
        lines.append(
            SettingLine(
                name,
                default,
                _joined([origin for _, origin in having]),
                _bounds(setting),
                setting.help,
                typed="" if text == default else text,
                error=errors.get(name, ""),
            )
        )
    return lines


def _methods(values: Mapping[str, str], catalog: Catalog) -> list[MethodInfo]:
    """Those that are named in full, each once."""
    named = words(values.get("method")) or [DEFAULT_METHOD]
    return [info for info in catalog.methods.values() if any(_spelling(name) in info.spellings for name in named)]


def _spelling(name: str) -> str:
    return name.lower().replace("_", "-")


def _scopes(method: MethodInfo, values: Mapping[str, str], catalog: Catalog) -> list[Scope]:
    """One for each target, or one for all targets of a joint method; before there are any, the defaults of no benchmark."""
    tasks = _targets(values, catalog)
    if not tasks:
        return [("", "loss")]
    if method.joint:
        return [(catalog.joint_name([task.key for task in tasks]), tasks[0].select_by)]
    return [(task.key, task.select_by) for task in tasks]


def _targets(values: Mapping[str, str], catalog: Catalog) -> Sequence[TaskInfo]:
    benchmark = values.get("benchmark")
    try:
        if named := words(values.get("target")):
            return [catalog.find_task(name, benchmark) for name in named]
        return catalog.find_benchmark(benchmark).tasks if benchmark else ()
    except UserError:
        # Not typed to its end; the plan says so if it stays.
        return ()


def _typed(values: Mapping[str, str]) -> dict[str, list[str]]:
    """The values that are typed, by the setting."""
    typed: dict[str, list[str]] = {}
    for word in words(values.get("set")):
        name, _, value = word.partition("=")
        if value:
            typed.setdefault(name.replace("-", "_"), []).append(value)
    if epochs := values.get("epochs"):
        typed.setdefault("epochs", []).append(epochs)
    return typed


def _error(name: str, texts: Sequence[str], methods: Sequence[MethodInfo]) -> str:
    """Why a method cannot have one of the values; empty where all can."""
    for method in methods:
        for text in texts:
            try:
                method.resolve({name: text}, "", "loss")
            except UserError as error:
                return str(error)
    return ""


def _shown(setting: Hyperparameter, text: str) -> str:
    """The value as defaults are written; what is no value, as it is typed."""
    try:
        return setting_text(setting.parse("", text))
    except UserError:
        return text


def _joined(texts: Sequence[str]) -> str:
    return " / ".join(dict.fromkeys(texts))


def _bounds(setting: Hyperparameter) -> str:
    if setting.choices or isinstance(setting.default, bool):
        return ", ".join(setting.choices or ("true", "false"))
    least, most = (None if bound is None else f"{bound:g}" for bound in (setting.minimum, setting.maximum))
    if least and most:
        return f"{least} to {most}"
    return f"from {least}" if least else f"to {most}" if most else ""
