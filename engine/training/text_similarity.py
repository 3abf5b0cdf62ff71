"""Similarity of tasks: the mean cosine between sentence embeddings of their training texts (for AdapterSoup).

The mean over all pairs of texts is the dot product of the two tasks' mean unit vectors, so only those are computed. They are
cached below the home folder, because they depend on the texts and the encoder alone, not on the run. Pairs of a text with
itself are left out: they would make a target of few texts similar only to itself.
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from engine.catalog.backbones import OFFLINE_BACKBONE
from engine.data.batches import evaluation_batches, gather
from engine.data.prepared import prepare, within_positions
from engine.data.ragged import save
from engine.data.tokenized_split import TokenizedSplit
from engine.encoder.encoder import Encoder
from engine.encoder.loading import load_encoder
from engine.files.backbones import find_backbone
from engine.files.disk import atomic_write
from engine.files.home import Home
from engine.files.identity import backbone_revision
from engine.runs.spec import RunSpec
from engine.training.device import Device
from engine.training.evaluation import to_device

log = logging.getLogger(__name__)
SAMPLE_SEED = 42


def text_similarities(home: Home, spec: RunSpec, backbone: Path, device: Device) -> dict[str, float]:
    """Similarity of each source task's training texts to the target's, by task key, in [-1, 1].

    Reads the settings ``similarity_model`` and ``similarity_texts``; ``backbone`` is the folder of the run's backbone. Raises
    UserError when the sentence encoder is not installed or a task's rows are missing.
    """
    own = spec.hyperparameters["similarity_model"] == "backbone"
    offline = find_backbone(OFFLINE_BACKBONE)
    folder = backbone if own else offline.folder(download=True)
    revision = spec.backbone_revision if own else backbone_revision(offline)
    count = int(spec.hyperparameters["similarity_texts"])
    encoder = load_encoder(folder).to(device.name).eval()
    (target,) = spec.targets
    means, counts = {}, {}
    for key in dict.fromkeys((target, *(source.task for source in spec.sources))):
        texts = sample(_training_split(home, spec, key, folder, encoder.config.max_length), count)
        means[key], counts[key] = _cached_mean(home.embeddings, revision, texts, encoder, device), len(texts)
        log.info("embedded %d training texts of %s", len(texts), key)
    similarities = {source.task: float(means[source.task] @ means[target]) for source in spec.sources}
    if target in similarities:
        similarities[target] = without_self_pairs(similarities[target], counts[target])
    return similarities


def without_self_pairs(mean: float, count: int) -> float:
    """The mean cosine of ``count`` texts from ``mean``, which includes the pairs of a text with itself; 1 for one text."""
    return (mean * count - 1) / (count - 1) if count > 1 else 1.0


def sample(split: TokenizedSplit, count: int) -> TokenizedSplit:
    """At most ``count`` texts of a split, the same for every run; of a multiple choice, the text with the first option."""
    sequences = np.arange(0, len(split.second), split.options)
    texts = replace(split, labels=np.zeros(len(split.second)), options=1, groups=None, candidates=None, ids=None, clusters=None)
    return texts.select(np.random.default_rng(SAMPLE_SEED).permutation(sequences)[:count])


@torch.inference_mode()
def mean_embedding(encoder: Encoder, texts: TokenizedSplit, device: Device) -> np.ndarray:
    """The mean of the texts' unit embeddings, float64 ``[d]``; an embedding is the mean of the tokens' last hidden states."""
    total = torch.zeros(encoder.config.hidden_size, dtype=torch.float64, device=device.name)
    for batch in evaluation_batches(texts):
        packed, _ = to_device(batch, device)
        lengths = torch.from_numpy(batch.lengths).to(device.name)
        hidden = encoder(packed, first_only=False)
        text_of = torch.arange(len(lengths), device=device.name).repeat_interleave(lengths)
        sums = hidden.new_zeros(len(lengths), hidden.shape[1]).index_add_(0, text_of, hidden)
        # The sum has the direction of the mean.
        total += F.normalize(sums, dim=1).sum(0, dtype=torch.float64)
    return (total / len(texts)).cpu().numpy()


def _training_split(home: Home, spec: RunSpec, key: str, folder: Path, positions: int) -> TokenizedSplit:
    """What the run, or the run of a source adapter, trains on, in the tokens of the encoder in ``folder``."""
    data = prepare(
        within_positions(spec.task(key), positions),
        folder,
        home.tokens,
        Path(spec.data_dir) if spec.data_dir else None,
        spec.limits,
        shots=spec.shots if key in spec.targets else None,
        seed=spec.seed,
        identity=spec.data.get(key),
    )
    return data.splits["train"]


def _cached_mean(folder: Path, revision: str, texts: TokenizedSplit, encoder: Encoder, device: Device) -> np.ndarray:
    """``mean_embedding``, computed once for the same texts and encoder ``revision``."""
    key = hashlib.sha256(revision.encode())
    batch = gather(texts, np.arange(len(texts)))
    for array in (batch.tokens, batch.lengths, batch.segments):
        key.update(np.ascontiguousarray(array).tobytes())
    path = folder / f"{key.hexdigest()[:32]}.npy"
    if not path.is_file():
        mean = mean_embedding(encoder, texts, device)
        with atomic_write(path) as draft:
            save(draft, mean)
    return np.load(path)
