"""How much folding, packing and the first-token shortcut save in one training step, as ratios of CPU seconds.

    OMP_NUM_THREADS=1 python benchmarks/encoder_step.py [--rounds 5] [--batch 32] [--mean-length 40]

Random weights in the shape of MiniLM (6 layers, hidden size 384), 8 sources of width 24, dropout 0.1. Both sides of a pair run
alternately in one process; the figure is the median of the rounds' ratios, with the smallest and largest in brackets.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.catalog.catalog import BUILT_IN
from engine.catalog.methods import METHODS
from engine.encoder.config import EncoderConfig
from engine.encoder.loading import new_encoder
from engine.encoder.packing import Packed, pack
from engine.encoder.sites import bottlenecks
from engine.methods import adapter
from engine.methods.adapter_fusion import FusedSources
from engine.methods.attach import attach
from engine.methods.model import Model, SourceAdapter

TASK = BUILT_IN.find_task("glue/rte")
SHAPE = EncoderConfig("bert", 30522, 384, 6, 12, 1536, 512, 2, 0)
SOURCES, PADDED_LENGTH = 8, 128
Step = Callable[[], None]


def source(name: str) -> SourceAdapter:
    return SourceAdapter(name, adapter.attach(new_encoder(SHAPE), [TASK], [], reduction=16).transfer_tensors())


def loop(combined: nn.Module, layer: int, sources: list[SourceAdapter]) -> Callable[[Tensor], Tensor]:
    """One layer as the papers compute it: each source's output for every token, one after the other."""
    names = ("down.weight", "down.bias", "up.weight", "up.bias")
    maps = [[s.tensors[f"adapter.layer.{layer}.{name}"] for name in names] for s in sources]

    def bottleneck(h: Tensor) -> Tensor:
        u = torch.stack([F.linear(torch.relu(F.linear(h, dw, db)), uw, ub) for dw, db, uw, ub in maps], dim=1)
        if isinstance(combined, FusedSources):
            p = combined.source_attention((combined.query(h).unsqueeze(1) * combined.key(u)).sum(-1))
            return (p.unsqueeze(-1) * combined.value(u)).sum(1)
        return (combined.dropout(combined.omega) * u).sum(1)

    return bottleneck


def build(method: str, sources: list[SourceAdapter], looped: bool = False) -> Model:
    info = METHODS[method]
    model = attach(info, new_encoder(SHAPE), [TASK], sources, info.resolve({}, TASK.key, "loss"))
    if looped:
        model.sites = bottlenecks(loop(layer, i, sources) for i, layer in enumerate(model.parts["transfer"].layer))
    return model.train()


def training_step(model: Model, packed: Packed, first_only: bool = True) -> Step:
    labels = torch.zeros(len(packed.first), dtype=torch.long)

    def step() -> None:
        hidden = model.encode(packed, TASK.key, first_only)
        logits = model.heads[TASK.key](hidden if first_only else hidden[packed.first])
        F.cross_entropy(logits, labels).backward()
        model.zero_grad()

    return step


def cpu_seconds(step: Step) -> float:
    start = time.process_time()
    step()
    return time.process_time() - start


def compare(name: str, slow: Step, fast: Step, rounds: int) -> None:
    pairs = [(cpu_seconds(slow), cpu_seconds(fast)) for _ in range(rounds + 1)][1:]  # the first round warms up
    ratios = sorted(a / b for a, b in pairs)
    seconds = statistics.median(b for _, b in pairs)
    print(
        f"{name:44s} {statistics.median(ratios):5.2f}x [{ratios[0]:.2f}-{ratios[-1]:.2f}]  {seconds * 1e3:7.0f} ms", flush=True
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Ratios of CPU seconds of one training step.")
    for name, default in (("--rounds", 5), ("--batch", 32), ("--mean-length", 40)):
        parser.add_argument(name, type=int, default=default)
    options = parser.parse_args()
    torch.manual_seed(0)
    random = np.random.default_rng(0)
    drawn = random.lognormal(np.log(options.mean_length) - 0.125, 0.5, options.batch)
    lengths = np.clip(drawn.astype(np.int64), 4, PADDED_LENGTH)
    sources = [source(f"source{i}") for i in range(SOURCES)]

    def batch(lengths: np.ndarray, **settings: int) -> Packed:
        return pack(
            random.integers(5, SHAPE.vocab_size, lengths.sum()), lengths, np.zeros(lengths.sum(), dtype=np.int64), **settings
        )

    packed, padded = batch(lengths), batch(np.full_like(lengths, PADDED_LENGTH), groups=1)
    model = build("scalearn", sources)
    print(
        f"{options.batch} sequences, {lengths.sum()} tokens, {torch.get_num_threads()} thread(s); last column: the faster side"
    )
    for method in ("scalearn", "adapterfusion"):
        slow, fast = (training_step(build(method, sources, looped), packed) for looped in (True, False))
        compare(f"{method}: folded over loop", slow, fast, options.rounds)
    fast = training_step(model, packed)
    compare(f"scalearn: packed over padded to {PADDED_LENGTH}", training_step(model, padded), fast, options.rounds)
    compare(
        "scalearn: first token over all in last layer", training_step(model, packed, first_only=False), fast, options.rounds
    )


if __name__ == "__main__":
    main()
