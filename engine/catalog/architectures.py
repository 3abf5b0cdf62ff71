"""The encoder architectures that can be loaded: everything that depends on the ``model_type`` of a hub ``config.json``."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Architecture:
    """One ``model_type``."""

    model_type: str
    implementation: str
    """``module:class`` of an ``engine.encoder.encoder.Encoder``."""
    hub_class: str
    """The class of ``transformers`` that reads the weights."""
    hub_prefix: str
    """Prefix of the encoder's tensor names in a file saved from a model with a head."""
    padding_id: int
    """Used where the configuration names none."""
    positions_follow_padding: bool
    """Whether positions count from the id after the padding id, and not from 0."""
    embeddings: tuple[int, int, int]
    """Numbers of words, positions and token types in the pretrained models of the catalog."""


ARCHITECTURES: dict[str, Architecture] = {
    architecture.model_type: architecture
    for architecture in (
        Architecture(
            model_type="bert",
            implementation="engine.encoder.post_ln:PostLNEncoder",
            hub_class="BertModel",
            hub_prefix="bert.",
            padding_id=0,
            positions_follow_padding=False,
            embeddings=(30_522, 512, 2),
        ),
        Architecture(
            model_type="roberta",
            implementation="engine.encoder.post_ln:PostLNEncoder",
            hub_class="RobertaModel",
            hub_prefix="roberta.",
            padding_id=1,
            positions_follow_padding=True,
            embeddings=(50_265, 514, 1),
        ),
        Architecture(
            model_type="xlm-roberta",
            implementation="engine.encoder.post_ln:PostLNEncoder",
            hub_class="XLMRobertaModel",
            hub_prefix="roberta.",
            padding_id=1,
            positions_follow_padding=True,
            embeddings=(250_002, 514, 1),
        ),
    )
}
