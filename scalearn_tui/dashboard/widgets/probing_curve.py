"""The curve of probes over the scale of their adapter, drawn as ``scalearn figure probing`` draws it, in the room there is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.widgets import Static

if TYPE_CHECKING:
    from engine.reports.figures.probing import Probing

AROUND = 4
"""Lines above and below the picture: names and numbers of the axes."""
LOWEST = 3
"""Lines of a picture that says something."""


class ProbingCurve(Static):
    """Empty where there is no curve, or no room for one."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id, markup=False)
        self._curves: Probing | None = None

    def show(self, curves: Probing | None) -> None:
        self._curves = curves
        self._write()

    def on_resize(self) -> None:
        self._write()

    def _write(self) -> None:
        self.update(self._text(self._curves) if self._curves else "", layout=False)

    def _text(self, curves: Probing) -> str:
        from engine.reports.figures.terminal import lines_text

        width, height = self.size.width, self.size.height - AROUND - len(curves.series)
        return lines_text(curves.series, curves.axes, width, height) if height >= LOWEST else ""
