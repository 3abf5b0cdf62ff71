"""Similarities of tasks' texts: the mean cosine over all pairs of them, of the numbers that were asked for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from engine.catalog.benchmarks import GENERATOR_VERSION
from engine.catalog.catalog import BUILT_IN
from engine.catalog.methods import METHODS
from engine.data.batches import gather
from engine.data.prepared import prepare
from engine.data.tokenized_split import TokenizedSplit
from engine.encoder.encoder import Encoder
from engine.encoder.loading import load_encoder
from engine.encoder.packing import pack
from engine.files.home import Home
from engine.runs.spec import RunSpec, SourceSpec
from engine.training.device import Device
from engine.training.text_similarity import sample, text_similarities

CPU = Device("cpu", None)
TARGET, SOURCES = "toy/question", ("toy/choice", "toy/topics", "toy/question")


def spec_of(count: int, shots: int | None = None, limit: int = 30) -> RunSpec:
    settings = {"similarity_model": "backbone", "similarity_texts": count}
    return RunSpec(
        method="adaptersoup",
        backbone="tiny",
        backbone_revision="r",
        targets=(TARGET,),
        sources=tuple(SourceSpec(task=task, run_id="none") for task in SOURCES),
        hyperparameters=METHODS["adaptersoup"].resolve(settings, TARGET, "loss"),
        limits={"train": limit},
        shots=shots,
        data={TARGET: GENERATOR_VERSION},
    )


def embeddings(encoder: Encoder, split: TokenizedSplit) -> torch.Tensor:
    """One text after the other, unit length."""
    means = []
    for example in range(len(split)):
        batch = gather(split, np.array([example]))
        length = batch.lengths[0]
        packed = pack(batch.tokens[:length], batch.lengths[:1], batch.segments[:length])
        with torch.no_grad():
            means.append(F.normalize(encoder(packed, first_only=False).mean(0), dim=0))
    return torch.stack(means)


def test_similarity_is_the_mean_cosine_of_all_pairs(tiny_backbone: Path, home: Home) -> None:
    similarities = text_similarities(home, spec_of(10_000), tiny_backbone, CPU)
    encoder = load_encoder(tiny_backbone).eval()
    vectors = {
        task: embeddings(
            encoder, prepare(BUILT_IN.tasks[task], tiny_backbone, home.tokens, None, {"train": 30}).splits["train"]
        )
        for task in SOURCES
    }
    assert all(len(texts) == 30 for texts in vectors.values())
    cosines = {task: vectors[task] @ vectors[TARGET].T for task in SOURCES}
    expected = {task: pairs.mean().item() for task, pairs in cosines.items()}
    expected[TARGET] = cosines[TARGET][~torch.eye(30, dtype=torch.bool)].mean().item()
    assert similarities == pytest.approx(expected, abs=1e-5)
    assert list(similarities) == list(SOURCES)


def test_the_target_counts_with_as_many_texts_as_the_sources(tiny_backbone: Path, home: Home) -> None:
    """The released code takes three to five of the target's: the number of its splits."""
    train = prepare(BUILT_IN.tasks[TARGET], tiny_backbone, home.tokens, None, {}).splits["train"]
    assert len(sample(train, 10_000)) == len(train) > 100
    assert len(sample(train, 50)) == 50
    assert np.array_equal(sample(train, 50).starts, sample(train, 50).starts)


def test_means_are_cached_and_depend_on_the_texts(tiny_backbone: Path, home: Home) -> None:
    first = text_similarities(home, spec_of(20), tiny_backbone, CPU)
    kept = sorted(home.embeddings.glob("*.npy"))
    assert len(kept) == len(SOURCES)
    stamps = [path.stat().st_mtime_ns for path in kept]
    assert text_similarities(home, spec_of(20), tiny_backbone, CPU) == first
    assert [path.stat().st_mtime_ns for path in kept] == stamps
    assert text_similarities(home, spec_of(20, shots=4), tiny_backbone, CPU) != first
    assert len(sorted(home.embeddings.glob("*.npy"))) == len(SOURCES) + 1
