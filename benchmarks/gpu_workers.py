"""What several workers on one GPU are worth: the tokens per second of 1, 2, 4 and 8 together, as a Markdown table.

    python benchmarks/gpu_workers.py [--batch 32] [--seconds 15] [--workers 1,2,4,8]
    python benchmarks/gpu_workers.py --device cpu --tiny --workers 1,2 --seconds 1     # only that it works

Random weights in the shape of RoBERTa-base and random texts, as in ``gpu.py``; nothing is downloaded. Each worker is a process
that makes the steps of the training loop. All begin at once when the last one is warm. Its figures decide the default of
``slots_per_gpu``: more than 1 pays where the tokens of all workers together grow.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Any

import torch
from gpu import BASE, SOURCES, our_steps, random_texts, table_row

from engine.catalog.methods import METHODS
from engine.encoder.config import EncoderConfig
from engine.gpu_driver import GIB, driver
from engine.launch.devices import find_slots
from engine.training.device import Device, peak_memory

TINY = EncoderConfig("roberta", 1000, 32, 2, 4, 64, 130, 1, 1)
TRAINED = ("adapter", "scalearn++")
WARM, MOST_STEPS = 20, 3000
COLUMNS = ("workers", "tokens/s together", "against one", "tokens/s of each", "peak GiB of each", "GiB of the GPU", "GPU busy")


def work(options: argparse.Namespace) -> None:
    """One worker: warm up, say so, wait for the word to begin, and report."""
    torch.manual_seed(0)
    torch.set_num_threads(1)
    device = Device("cuda", torch.bfloat16) if options.device == "cuda" else Device("cpu", None)
    shape, most = (TINY, 10 * WARM) if options.tiny else (BASE, MOST_STEPS)
    step = our_steps(options.method, shape, random_texts(options.batch * most, shape), options.batch, device)
    for _ in range(WARM):
        step()
    _wait_for(device)
    print(json.dumps({"ready": True}), flush=True)
    sys.stdin.readline()
    began, tokens, steps = time.perf_counter(), 0, 0
    # The loop looks at its losses twice a second, so that it never runs far ahead of the GPU.
    while time.perf_counter() - began < options.seconds and steps < most - WARM:
        tokens += step()
        steps += 1
    _wait_for(device)
    seconds = time.perf_counter() - began
    print(json.dumps({"tokens": tokens / seconds, "peak": peak_memory() or 0}), flush=True)


def _wait_for(device: Device) -> None:
    if device.name == "cuda":
        torch.cuda.synchronize()


def together(count: int, method: str, options: argparse.Namespace) -> dict[str, Any] | str:
    """The figures of so many workers at once; or why they could not be measured."""
    arguments = [f"--{name}={getattr(options, name)}" for name in ("batch", "seconds", "device")]
    command = [sys.executable, __file__, "--method", method, *arguments, *(["--tiny"] if options.tiny else [])]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    gpu = _gpu() if options.device == "cuda" else None
    if gpu:
        environment["CUDA_VISIBLE_DEVICES"] = gpu
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    workers = [subprocess.Popen(command, text=True, env=environment, **pipes) for _ in range(count)]
    try:
        for worker in workers:
            assert worker.stdout is not None
            if not worker.stdout.readline():
                return _last_line(worker)
        for worker in workers:
            assert worker.stdin is not None
            print("go", file=worker.stdin, flush=True)
        time.sleep(options.seconds / 2)
        use = driver().use(gpu) if gpu else None
        answers = []
        for worker in workers:
            assert worker.stdout is not None
            if not (line := worker.stdout.readline()):
                return _last_line(worker)
            answers.append(json.loads(line))
        peak = max(answer["peak"] for answer in answers)
        return {"tokens": [answer["tokens"] for answer in answers], "peak": peak, "use": use}
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()


def _last_line(worker: subprocess.Popen[str]) -> str:
    assert worker.stderr is not None
    return (worker.stderr.read().strip().splitlines() or ["a worker ended"])[-1][:100]


def _gpu() -> str | None:
    """The identifier of the first GPU that may be used."""
    return next((slot.gpu.uuid for slot in find_slots() if slot.gpu), None)


def row(count: int, found: dict[str, Any] | str, alone: float | None) -> str:
    if isinstance(found, str):
        return table_row(str(count), found, *("" for _ in COLUMNS[2:]))
    total, use = sum(found["tokens"]), found["use"]
    ratio = f"{total / alone:.2f}x" if alone else ""
    each = (f"{min(found['tokens']):,.0f} to {max(found['tokens']):,.0f}", f"{found['peak'] / GIB:.2f}")
    taken = f"{(use.total - use.free) / GIB:.1f}" if use else ""
    busy = f"{use.utilization:.0%}" if use and use.utilization is not None else ""
    return table_row(str(count), f"{total:,.0f}", ratio, *each, taken, busy)


def table(method: str, counts: Sequence[int], options: argparse.Namespace) -> None:
    sources = f", {SOURCES} sources" if METHODS[method].source_method else ""
    print(f"\n{method}{sources}\n\n{table_row(*COLUMNS)}\n{table_row(*('---' for _ in COLUMNS))}", flush=True)
    alone = None
    for count in counts:
        found = together(count, method, options)
        print(row(count, found, alone), flush=True)
        if count == 1 and not isinstance(found, str):
            alone = sum(found["tokens"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--workers", default="1,2,4,8")
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--tiny", action="store_true", help="a tiny encoder, to try the script")
    parser.add_argument("--method", choices=TRAINED, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.method:
        work(options)
        return
    if options.device == "cuda" and not torch.cuda.is_available():
        sys.exit("torch has no GPU here; --device cpu --tiny tries the script")
    device = torch.cuda.get_device_name() if options.device == "cuda" else "CPU"
    print(f"{device}, {os.cpu_count()} cores, torch {torch.__version__}, batches of {options.batch}")
    for method in TRAINED:
        table(method, [int(count) for count in options.workers.split(",")], options)


if __name__ == "__main__":
    main()
