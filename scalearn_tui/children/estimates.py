"""What the runs of a plan take; parameters that no earlier run tells are counted in a child."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.catalog.catalog import Catalog
    from engine.files.home import Home
    from engine.plans.estimates import Estimate
    from engine.plans.planner import Plan
    from engine.plans.shapes import Shape
    from engine.registry.reading import Reader
    from scalearn_tui.children.data_files import Rows


def estimated(plan: Plan, reader: Reader, catalog: Catalog, rows: Rows) -> dict[str, Estimate]:
    """An estimate for each run of the plan, by its id, on the devices of this machine."""
    from functools import partial

    from engine.errors import UserError
    from engine.files.config import read_config
    from engine.launch.devices import find_slots
    from engine.plans.estimates import estimates

    try:
        devices = [slot.label for slot in find_slots(read_config(reader.home))]
    except UserError:
        # A run says so when it starts; its plan can be shown before.
        devices = []
    return estimates(plan, reader, catalog, rows, devices, partial(_count, reader.home))


def _count(home: Home, shapes: Sequence[Shape]) -> dict[str, int]:
    """Trainable parameters by key, without those of backbones whose configuration is not on this machine."""
    import json

    from engine.files.disk import atomic_write
    from scalearn_tui import __version__
    from scalearn_tui.children import child

    known = _counted_before(home)
    if new := {shape.key: shape.request for shape in shapes if shape.key not in known}:
        known |= child.document("engine.training.planned_parameters", stdin=json.dumps(new))
        # Counted again where they cannot be kept.
        with suppress(OSError), atomic_write(home.parameter_counts) as draft:
            draft.write_text(json.dumps({"version": __version__, "counts": known}))
    return known


def _counted_before(home: Home) -> dict[str, int]:
    """By this version: the code of another one may give methods other parameters."""
    from engine.errors import UserError
    from engine.files.bounded import read_json
    from scalearn_tui import __version__

    try:
        kept = read_json(home.parameter_counts)
        return {str(key): int(count) for key, count in kept["counts"].items()} if kept["version"] == __version__ else {}
    except (OSError, ValueError, UserError, KeyError, TypeError, AttributeError):
        return {}
