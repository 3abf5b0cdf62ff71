"""Partial updates paint what a whole one would."""

from __future__ import annotations

import pytest
from textual.geometry import Region

from engine.files.home import Home
from scalearn_tui.dashboard.app import Dashboard
from scalearn_tui.dashboard.band_compositor import BandCompositor
from tests.dashboard.conftest import settled, until

REGIONS = [(0, 0, 120, 1), (0, 5, 120, 2), (1, 20, 52, 10), (37, 3, 1, 1), (100, 10, 20, 30), (0, 0, 120, 40)]


@pytest.mark.parametrize("key", ["", "2", "4", "7"])
async def test_a_part_is_as_in_the_whole(busy: Home, key: str) -> None:
    app = Dashboard(busy, launch=lambda _: None)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.services.is_read)
        if key:
            await pilot.press(key)
        await settled(pilot, app)
        compositor = app.screen._compositor
        assert isinstance(compositor, BandCompositor)
        whole = compositor.render_strips()
        for region in REGIONS:
            compositor._dirty_regions = {Region(*region)}
            update = compositor.render_partial_update()
            assert update is not None
            painted = 0
            for y, left, right in update.spans:
                for (start, strip), end in zip(update.chops[y].items(), update.chop_ends[y], strict=True):
                    if strip is not None and left < end and start < right:
                        assert strip.simplify() == whole[y].crop(start, end).simplify(), (region, y, start)
                        painted += min(end, right) - max(start, left)
            assert painted == region[2] * region[3], region
