"""Full fine-tuning (Devlin et al. 2019): every parameter that the head's input depends on, and the head."""

from __future__ import annotations

from collections.abc import Sequence

from engine.catalog.task import TaskInfo
from engine.encoder.encoder import Encoder
from engine.encoder.heads import fresh_linear, head_on_pooler
from engine.methods.model import Model, SourceAdapter, frozen


def trainable(encoder: Encoder) -> Encoder:
    """The plain encoder, trainable. A pooler stays as it is: most heads do not read it, so it would never get a gradient."""
    frozen(encoder).embeddings.requires_grad_(True)
    encoder.layers.requires_grad_(True)
    return encoder


def with_pooler(encoder: Encoder) -> Encoder:
    """The encoder with a trainable pooler: its own, or a fresh one where the weights have none, as RoBERTa's."""
    d = encoder.config.hidden_size
    encoder.pooler = (encoder.pooler or fresh_linear(d, d)).requires_grad_(True)
    return encoder


def attach(encoder: Encoder, tasks: Sequence[TaskInfo], sources: Sequence[SourceAdapter]) -> Model:
    """The encoder of one task, or of several that share it (Full FT-m)."""
    return Model(trainable(encoder), tasks)


def attach_shared(encoder: Encoder, tasks: Sequence[TaskInfo], sources: Sequence[SourceAdapter]) -> Model:
    """Shared (Stickland & Murray 2019): with the paper's heads and its way of counting: nothing is added to the backbone."""
    return Model(with_pooler(trainable(encoder)), tasks, head=head_on_pooler)
