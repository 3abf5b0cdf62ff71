"""Speed of training and evaluation on a GPU, as a Markdown table; full fine-tuning beside plain ``transformers``.

    python benchmarks/gpu.py [--batch 32] [--steps 100]

Random weights in the shape of RoBERTa-base, texts of 64 to 128 random tokens, dropout 0.1, bfloat16. Our steps are those of the
training loop, from gathering the batch to AdamW. The other side pads each batch to its longest text, prepares it before the
clock starts, and trains with SDPA, autocast and fused AdamW. Tokens are real ones, without padding. Kernel time is the sum over
the GPU's kernels in a few profiled steps: what a step would take if the GPU never waited for Python.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from engine.catalog.catalog import BUILT_IN
from engine.catalog.methods import METHODS
from engine.data.batches import Batch, evaluation_batches, gather
from engine.data.prepared import TaskData
from engine.data.tokenized_split import TokenizedSplit
from engine.encoder.config import EncoderConfig
from engine.encoder.loading import new_encoder
from engine.encoder.packing import send
from engine.methods import adapter
from engine.methods.attach import attach
from engine.methods.model import Model, SourceAdapter
from engine.training.device import Device
from engine.training.evaluation import predict
from engine.training.loop import CheckpointFiles, Loop

TASK = BUILT_IN.find_task("glue/rte")
BASE = EncoderConfig("roberta", 50265, 768, 12, 12, 3072, 514, 1, 1)
TRAINED = ("adapter", "scalearn++", "full-ft", "pals")
SOURCES, SHORTEST, LONGEST = 8, 64, 128
WARM, PROFILED, EVALUATED = 20, 5, 4096
COLUMNS = ("", "ms/step", "kernels ms/step", "tokens/s", "peak GiB", "against transformers")
Step = Callable[[], int]
"""Queues one step; the real tokens of its batch."""


@dataclass(frozen=True)
class Figures:
    """What was measured of one kind of step."""

    seconds: float
    """Per step, as the kernels."""
    kernels: float
    tokens: float
    """Per second."""
    peak: int
    """Bytes."""

    def row(self, name: str, peer: Figures | None = None) -> str:
        ratio = f"{peer.seconds / self.seconds:.2f}x" if peer else ""
        cells = (f"{1e3 * self.seconds:.2f}", f"{1e3 * self.kernels:.2f}", f"{self.tokens:,.0f}", f"{self.peak / 2**30:.2f}")
        return table_row(name, *cells, ratio)


def table_row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


class Silent:
    """Records nothing of what the loop reports."""

    def point(self, *_: Any) -> None: ...

    def fields(self, **_: Any) -> None: ...


def random_texts(count: int, shape: EncoderConfig) -> TokenizedSplit:
    random = np.random.default_rng(0)
    lengths = random.integers(SHORTEST, LONGEST + 1, count)
    tokens = random.integers(5, shape.vocab_size, lengths.sum()).astype(np.int32)
    return TokenizedSplit(tokens, np.cumsum(lengths) - lengths, lengths, lengths.astype(np.int32), random.integers(0, 2, count))


def build(method: str, shape: EncoderConfig, settings: dict[str, Any]) -> Model:
    info, sources = METHODS[method], []
    if info.source_method:
        tensors = adapter.attach(new_encoder(shape), [TASK], [], reduction=16).transfer_tensors()
        sources = [SourceAdapter(f"source{i}", tensors) for i in range(SOURCES)]
    return attach(info, new_encoder(shape, pooler=True), [TASK], sources, settings)


def our_steps(method: str, shape: EncoderConfig, split: TokenizedSplit, batch: int, device: Device) -> Step:
    """Steps of the product's loop."""
    info, steps = METHODS[method], len(split) // batch
    given = {"batch_size": batch, "epochs": 1, **({"steps_per_epoch": steps} if info.joint else {})}
    settings = info.resolve(given, TASK.key, "loss")
    files = CheckpointFiles(Path("best"), Path("last"), lambda *_: None, lambda: None)
    data = {TASK.key: TaskData({"train": split, "dev": split}, {}, "random")}
    model = device.place(build(method, shape, settings))
    loop = Loop(model, [TASK], data, settings, 0, device, files, Silent(), lambda: False, {})  # type: ignore[arg-type]

    def step() -> int:
        before = loop.throughput.tokens
        loop._step()
        return loop.throughput.tokens - before

    return step


def peer(shape: EncoderConfig, device: Device) -> torch.nn.Module:
    """The same encoder and head in ``transformers``."""
    from transformers import RobertaConfig, RobertaForSequenceClassification

    config = RobertaConfig(**{**shape.__dict__, "num_labels": 2}, attn_implementation="sdpa")
    return RobertaForSequenceClassification(config).to(device.name)


def padded(batch: Batch, pad: int, device: Device) -> dict[str, torch.Tensor]:
    """The batch as ``transformers`` takes it, on the device."""
    real = np.arange(batch.lengths.max()) < batch.lengths[:, None]
    ids = np.full(real.shape, pad, dtype=np.int64)
    ids[real] = batch.tokens
    arrays = {"input_ids": ids, "attention_mask": real.astype(np.int64), "labels": batch.labels}
    return {name: send(array, device.name) for name, array in arrays.items()}


def peer_steps(shape: EncoderConfig, split: TokenizedSplit, batch: int, device: Device) -> Step:
    model = peer(shape, device).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-5, fused=True)

    def batches() -> Iterator[tuple[dict[str, torch.Tensor], int]]:
        for start in range(0, len(split) - batch + 1, batch):
            part = gather(split, np.arange(start, start + batch))
            yield padded(part, shape.pad_token_id, device), len(part.tokens)

    prepared = iter(list(batches()))

    def step() -> int:
        inputs, tokens = next(prepared)
        with device.context():
            loss = model(**inputs).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        return tokens

    return step


def measure(step: Step, steps: int) -> Figures:
    """Seconds of ``steps`` steps after warming up, then the kernels of some more."""
    for _ in range(WARM):
        step()
    torch.cuda.synchronize()
    torch.cuda.reset_peak_memory_stats()
    began = time.perf_counter()
    tokens = sum(step() for _ in range(steps))
    torch.cuda.synchronize()
    seconds = time.perf_counter() - began
    peak = torch.cuda.max_memory_allocated()
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CUDA]) as profile:
        for _ in range(PROFILED):
            step()
        torch.cuda.synchronize()
    kernels = sum(event.self_device_time_total for event in profile.key_averages() if not event.is_user_annotation) * 1e-6
    return Figures(seconds / steps, kernels / PROFILED, tokens / seconds, peak)


def our_evaluation(shape: EncoderConfig, split: TokenizedSplit, device: Device) -> Step:
    model = device.place(build("full-ft", shape, METHODS["full-ft"].resolve({}, TASK.key, "loss")))

    def step() -> int:
        predict(model, TASK, split, device)
        return int(split.lengths.sum())

    return step


@torch.inference_mode()
def _peer_logits(model: torch.nn.Module, split: TokenizedSplit, pad: int, device: Device) -> None:
    logits = []
    for batch in evaluation_batches(split):
        with device.context():
            logits.append(model(**padded(batch, pad, device)).logits.float())
    torch.cat(logits).cpu()


def peer_evaluation(shape: EncoderConfig, split: TokenizedSplit, device: Device) -> Step:
    model = peer(shape, device).eval()

    def step() -> int:
        _peer_logits(model, split, shape.pad_token_id, device)
        return int(split.lengths.sum())

    return step


def seconds_of_passes(step: Step, passes: int = 4) -> tuple[float, int]:
    """The fastest of some passes over all texts, after one that warms up; and its tokens."""
    times, tokens = [], 0
    for _ in range(passes):
        torch.cuda.synchronize()
        began = time.perf_counter()
        tokens = step()
        torch.cuda.synchronize()
        times.append(time.perf_counter() - began)
    return min(times[1:]), tokens


def training_table(shape: EncoderConfig, batch: int, steps: int, device: Device) -> Iterator[str]:
    yield table_row(*COLUMNS)
    yield table_row(*("---" for _ in COLUMNS))
    split = random_texts(batch * (WARM + steps + PROFILED), shape)
    # Its own choice of kernels: the product switches cuDNN's attention off.
    torch.backends.cuda.enable_cudnn_sdp(True)
    plain = measure(peer_steps(shape, split, batch, device), steps)
    torch.backends.cuda.enable_cudnn_sdp(False)
    yield plain.row("transformers, full fine-tuning")
    for method in TRAINED:
        figures = measure(our_steps(method, shape, split, batch, device), steps)
        sources = f", {SOURCES} sources" if METHODS[method].source_method else ""
        yield figures.row(f"{method}{sources}", plain if method == "full-ft" else None)


def evaluation_line(shape: EncoderConfig, device: Device) -> str:
    split = random_texts(EVALUATED, shape)
    theirs, tokens = seconds_of_passes(peer_evaluation(shape, split, device))
    ours, _ = seconds_of_passes(our_evaluation(shape, split, device))
    return f"Evaluation: {tokens / ours:,.0f} tokens/s, {EVALUATED / ours:,.0f} texts/s, {theirs / ours:.2f}x transformers."


def main() -> None:
    parser = argparse.ArgumentParser(description="Speed of training and evaluation on a GPU.")
    for name, default in (("--batch", 32), ("--steps", 100)):
        parser.add_argument(name, type=int, default=default)
    options = parser.parse_args()
    if not torch.cuda.is_available():
        sys.exit("torch has no GPU here")
    torch.manual_seed(0)
    device = Device("cuda", torch.bfloat16)
    print(f"{torch.cuda.get_device_name()}, torch {torch.__version__}, {options.batch} texts of {SHORTEST}-{LONGEST} tokens\n")
    for line in training_table(BASE, options.batch, options.steps, device):
        print(line, flush=True)
    print(f"\n{evaluation_line(BASE, device)}")


if __name__ == "__main__":
    main()
