"""Painting that costs what it changes."""

from __future__ import annotations

from collections.abc import Iterator

from textual._compositor import Compositor
from textual.geometry import Region
from textual.strip import Strip


class BandCompositor(Compositor):
    """Asks widgets for the lines of a partial update only, and none whose part of it lies behind another.

    Textual asks each widget that overlaps an update, containers too, for all its lines, and drops what is outside of it or
    behind others: two changed rows of a list cost as much as forty. What is painted is the same.
    """

    def _get_renders(self, crop: Region | None = None) -> Iterator[tuple[Region, Region, list[Strip]]]:
        if crop is None:
            yield from super()._get_renders()
            return
        # Whole rows: strips are divided where widgets begin and end, which is not where an update does.
        band = Region(0, crop.y, self.size.width, crop.height)
        in_front: list[Region] = []
        for widget, (region, clip) in self.visible_widgets.items():
            visible = region.intersection(clip)
            wanted = visible.intersection(crop)
            if wanted and not any(other.contains_region(wanted) for other in in_front):
                in_front.append(wanted)
                seen = visible.intersection(band)
                yield region, seen, widget.render_lines(seen.translate(-region.offset))
