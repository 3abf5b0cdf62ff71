"""What methods are called where people read them."""

from __future__ import annotations

from engine.catalog.methods import METHODS


def method_title(name: str) -> str:
    """``ScaLearn++`` for ``scalearn++``; one that is not built in keeps its name."""
    return METHODS[name].title if name in METHODS else name
