"""The model of a run: its method, attached to the pretrained backbone."""

from __future__ import annotations

from pathlib import Path

import torch

from engine.catalog.backbones import BACKBONES
from engine.catalog.method import MethodInfo
from engine.encoder.loading import load_encoder
from engine.methods.attach import attach
from engine.methods.model import Model, SourceAdapter
from engine.runs.spec import RunSpec


def build_model(spec: RunSpec, method: MethodInfo, folder: Path, sources: list[SourceAdapter]) -> Model:
    """The method's model on the pretrained backbone, its new parameters drawn from the run's seed."""
    named = BACKBONES.get(spec.backbone)
    encoder = load_encoder(folder, named.sha256 if named else None, float(spec.hyperparameters["dropout"]))
    torch.manual_seed(spec.seed)
    return attach(method, encoder, spec.tasks, sources, spec.hyperparameters)
