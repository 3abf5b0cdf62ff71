"""How alike tasks' texts are: the mean cosine between sentence embeddings of their training texts (for AdapterSoup).

The mean over all pairs of texts is the product of the two tasks' mean unit vectors, so only those are computed, and kept below
the home folder: they depend on the texts and the encoder alone, not on the run. A text is not paired with itself, which would
make a target of few texts seem like nothing but itself.
"""

from __future__ import annotations

import hashlib
import logging
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from engine.catalog.backbones import OFFLINE_BACKBONE
from engine.data.batches import evaluation_batches, gather
from engine.data.prepared import TokenizedSplit, prepare, within_positions
from engine.data.samplers import few_shot
from engine.encoder.encoder import Encoder
from engine.encoder.loading import load_encoder
from engine.files.backbones import backbone_folder, backbone_revision
from engine.files.home import Home
from engine.runs.spec import RunSpec
from engine.training.device import Device
from engine.training.evaluation import to_device

log = logging.getLogger(__name__)
SAMPLE_SEED = 42


def text_similarities(home: Home, spec: RunSpec, backbone: Path, device: Device) -> dict[str, float]:
    """Of each source task's training texts to the target's, by task key, in [-1, 1].

    Reads ``similarity_model`` and ``similarity_texts``. Raises UserError when the sentence encoder is not installed or a
    task's rows are missing.
    """
    own = spec.hyperparameters["similarity_model"] == "backbone"
    folder = backbone if own else backbone_folder(OFFLINE_BACKBONE, download=True)
    revision = spec.backbone_revision if own else backbone_revision(OFFLINE_BACKBONE)
    count = int(spec.hyperparameters["similarity_texts"])
    encoder = load_encoder(folder).to(device.name).eval()
    (target,) = spec.targets
    means, counts = {}, {}
    for key in dict.fromkeys((target, *(source.task for source in spec.sources))):
        texts = sample(_training_split(home, spec, key, folder, encoder.config.max_length), count)
        means[key], counts[key] = _kept(home.embeddings, revision, texts, encoder, device), len(texts)
        log.info("embedded %d training texts of %s", len(texts), key)
    found = {source.task: float(means[source.task] @ means[target]) for source in spec.sources}
    if target in found:
        found[target] = without_self_pairs(found[target], counts[target])
    return found


def without_self_pairs(mean: float, count: int) -> float:
    """The mean cosine over all pairs of ``count`` texts, the pairs of a text with itself left out; 1 for a single text."""
    return (mean * count - 1) / (count - 1) if count > 1 else 1.0


def sample(split: TokenizedSplit, count: int) -> TokenizedSplit:
    """At most ``count`` texts of a split, drawn alike by every run; of a multiple choice, the text with the first option."""
    sequences = np.arange(0, len(split.second), split.options)
    texts = replace(split, labels=np.zeros(len(split.second)), options=1, groups=None, references=None)
    return texts.select(np.random.default_rng(SAMPLE_SEED).permutation(sequences)[:count])


@torch.inference_mode()
def mean_embedding(encoder: Encoder, texts: TokenizedSplit, device: Device) -> np.ndarray:
    """The mean of the texts' unit embeddings, float64 ``[d]``; an embedding is the mean of its tokens' last hidden states."""
    total = torch.zeros(encoder.config.hidden_size, dtype=torch.float64, device=device.name)
    for batch in evaluation_batches(texts):
        packed, _ = to_device(batch, device)
        lengths = torch.from_numpy(batch.lengths).to(device.name)
        hidden = encoder(packed, first_only=False)
        text_of = torch.arange(len(lengths), device=device.name).repeat_interleave(lengths)
        sums = hidden.new_zeros(len(lengths), hidden.shape[1]).index_add_(0, text_of, hidden)
        # A sum points where the mean does.
        total += F.normalize(sums, dim=1).sum(0, dtype=torch.float64)
    return (total / len(texts)).cpu().numpy()


def _training_split(home: Home, spec: RunSpec, key: str, folder: Path, positions: int) -> TokenizedSplit:
    """What the run, or the run of a source adapter, trains on, in the tokens of the encoder in ``folder``."""
    data_dir = Path(spec.data_dir) if spec.data_dir else None
    train = prepare(within_positions(spec.task(key), positions), folder, home.tokens, data_dir, spec.limits).splits["train"]
    if spec.shots and key in spec.targets:
        return train.select(few_shot(np.asarray(train.labels), spec.shots, spec.seed))
    return train


def _kept(folder: Path, revision: str, texts: TokenizedSplit, encoder: Encoder, device: Device) -> np.ndarray:
    """``mean_embedding``, read back when it was computed before."""
    key = hashlib.sha256(revision.encode())
    whole = gather(texts, np.arange(len(texts)))
    for array in (whole.tokens, whole.lengths, whole.segments):
        key.update(np.ascontiguousarray(array).tobytes())
    path = folder / f"{key.hexdigest()[:32]}.npy"
    if not path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.stem}-{os.getpid()}.npy")
        np.save(temporary, mean_embedding(encoder, texts, device))
        os.replace(temporary, path)
    return np.load(path)
