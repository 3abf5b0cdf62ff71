"""What methods are called where people read them."""

from __future__ import annotations

from engine.catalog.methods import METHODS


def method_title(name: str) -> str:
    """``ScaLearn++`` for ``scalearn++``; a method of an extension that is gone keeps its name."""
    return METHODS[name].title if name in METHODS else name
