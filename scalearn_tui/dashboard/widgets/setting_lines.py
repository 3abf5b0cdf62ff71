"""Settings as lines: value, where the default comes from, and range; what is typed off the default stands out."""

from __future__ import annotations

from collections.abc import Iterable

from textual.content import Content

from scalearn_tui.dashboard.model.form_settings import SettingLine
from scalearn_tui.dashboard.widgets.colours import DIM
from scalearn_tui.text.formatting import padded

NAME, VALUE, ORIGIN = 17, 14, 16
"""Widths in cells; the range has the rest."""


def setting_lines(settings: Iterable[SettingLine]) -> Content:
    """A line for each setting, below their titles."""
    titles = padded("setting", NAME) + padded("value", VALUE) + padded("from", ORIGIN) + "range"
    return Content("\n").join([Content.styled(titles, DIM), *map(_line, settings)])


def setting_in_full(setting: SettingLine) -> Content:
    """One setting without an end to its line."""
    default = f"{setting.default} ({setting.origin}), {setting.bounds}: "
    return Content.assemble((setting.name, "bold"), f" {default}", setting.help)


def _line(setting: SettingLine) -> Content:
    name, bounds = padded(setting.name, NAME), (setting.bounds, DIM)
    if setting.error:
        return Content.assemble((name + padded(setting.typed, VALUE), "$text-error"), " " * ORIGIN, bounds)
    if setting.typed:
        value = (name + padded(setting.typed, VALUE), "bold $text-warning")
        return Content.assemble(value, (_origin(f"not {setting.default}"), DIM), bounds)
    return Content.assemble(name, padded(setting.default, VALUE - 1) + " ", (_origin(setting.origin), DIM), bounds)


def _origin(text: str) -> str:
    return padded(text, ORIGIN - 1) + " "
