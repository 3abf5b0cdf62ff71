"""What methods are called where people read them."""

from __future__ import annotations


def method_title(name: str) -> str:
    """``ScaLearn++`` for ``scalearn++``; one that is not built in keeps its name."""
    # The dashboard paints its first frame before it knows methods.
    from engine.catalog.methods import METHODS

    return METHODS[name].title if name in METHODS else name
