"""A table as plain lines, as wide as it gets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from scalearn_tui.text.formatting import padded
from scalearn_tui.text.harmless import harmless


def plain_lines(headings: Sequence[str], rows: Sequence[Sequence[Any]], right: Sequence[str] = ()) -> list[str]:
    """Cells are text or rich ``Text``; the headings named in ``right`` are numbers. Measuring what fits costs rich a second for
    a thousand rows, so nothing is cut or wrapped."""
    from rich.cells import cell_len

    lines = [[harmless(getattr(cell, "plain", str(cell))) for cell in row] for row in rows]
    if any(headings):
        lines.insert(0, [harmless(heading) for heading in headings])
    widths = [max(map(cell_len, column)) for column in zip(*lines, strict=True)]
    return [
        "  ".join(
            padded(cell, width, heading in right) for cell, heading, width in zip(line, headings, widths, strict=True)
        ).rstrip()
        for line in lines
    ]
