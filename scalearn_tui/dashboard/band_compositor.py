"""Painting that costs what it changes."""

from __future__ import annotations

from collections.abc import Iterator

from textual._compositor import Compositor
from textual.geometry import Region
from textual.strip import Strip


class BandCompositor(Compositor):
    """Asks widgets for the lines of a partial update only.

    Textual asks each widget that overlaps an update for all its lines, and drops those outside of it: two changed rows of a
    list cost as much as forty. What is painted is the same.
    """

    def _get_renders(self, crop: Region | None = None) -> Iterator[tuple[Region, Region, list[Strip]]]:
        if crop is None:
            yield from super()._get_renders()
            return
        # Whole rows: strips are divided where widgets begin and end, which is not where an update does.
        band = Region(0, crop.y, self.size.width, crop.height)
        for widget, (region, clip) in self.visible_widgets.items():
            seen = region.intersection(clip).intersection(band)
            if seen and crop.overlaps(clip):
                yield region, seen, widget.render_lines(seen.translate(-region.offset))
