"""The source adapters of a two-stage run, read from the checkpoints of their runs."""

from __future__ import annotations

from collections.abc import Mapping

from engine.errors import UserError
from engine.methods.model import SourceAdapter
from engine.registry.reading import Reader
from engine.runs.spec import RunSpec
from engine.training.checkpoints import load_checkpoint

ADAPTER = "adapter."
"""Prefix of the adapter's tensors in a checkpoint; the others are the head's."""


def load_sources(
    reader: Reader, run_id: str, spec: RunSpec, similarities: Mapping[str, float] | None = None
) -> list[SourceAdapter]:
    """The selected adapters of the source runs, in order, each checked against its recorded digest and backbone.

    ``similarities`` by task key are those in the run's provenance and checkpoint, of methods that weigh sources by them. Raises
    UserError for a source whose file is missing, changed or of another backbone.
    """
    adapters = []
    similarities = similarities or {}
    for source in reader.sources(run_id):
        recorded = reader.checkpoints(source.source_id).get("best")
        path = reader.home.checkpoint(source.source_id, "best")
        if recorded is None or not path.is_file():
            raise UserError(
                f"the source adapter {source.task} (run {source.source_id}) has lost its file {path}; "
                "put it back, or import it with `scalearn adapters import`, or a bundle that was written with --checkpoints"
            )
        tensors, card = load_checkpoint(path, recorded.sha256)
        if card.get("backbone_revision") != spec.backbone_revision:
            raise UserError(f"source adapter {source.task} was trained on {card.get('backbone')}, not on {spec.backbone}")
        adapter = {name: tensor for name, tensor in tensors.items() if name.startswith(ADAPTER)}
        adapters.append(SourceAdapter(source.task, adapter, similarities.get(source.task)))
    return adapters
