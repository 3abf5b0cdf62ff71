"""How much faster a task starts from the token cache than from its rows, as ratios of the seconds that ``prepare`` takes.

    OMP_NUM_THREADS=1 python benchmarks/token_cache.py --data-dir FOLDER [--backbone minilm] [--task glue/sst2] [--rounds 5]

Each figure is measured in a fresh process, without its imports: the first round builds the cache, the others read it; their
median is printed, with the smallest and largest in brackets.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

PREPARE = """
import json, resource, sys, time
from pathlib import Path
from engine.catalog.catalog import BUILT_IN
from engine.data.prepared import prepare
from engine.files.backbones import find_backbone

task, backbone, cache, data_dir = sys.argv[1:]
folder = find_backbone(backbone).folder()
began, cpu = time.perf_counter(), time.process_time()
data = prepare(BUILT_IN.find_task(task), folder, Path(cache), Path(data_dir) if data_dir else None)
wall, cpu = time.perf_counter() - began, time.process_time() - cpu
tokens = sum(int(split.lengths.sum()) for split in data.splits.values())
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"wall": wall, "cpu": cpu, "tokens": tokens, "peak": peak}))
"""


def measure(task: str, backbone: str, cache: str, data_dir: str) -> dict[str, float]:
    command = [sys.executable, "-c", PREPARE, task, backbone, cache, data_dir]
    figures: dict[str, float] = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--task", default="glue/sst2")
    parser.add_argument("--backbone", default="minilm")
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    data_dir = str(options.data_dir.resolve()) if options.data_dir else ""
    with TemporaryDirectory() as cache:
        cold = measure(options.task, options.backbone, cache, data_dir)
        warm = [measure(options.task, options.backbone, cache, data_dir) for _ in range(options.rounds)]
    print(f"{options.task} with the tokenizer of {options.backbone}: {cold['tokens']:,.0f} tokens, peak {cold['peak']:.0f} MB")
    for kind in ("wall", "cpu"):
        seconds = [figures[kind] for figures in warm]
        median = statistics.median(seconds)
        spread = f"[{min(seconds):.3f}, {max(seconds):.3f}]"
        print(f"{kind}: cold {cold[kind]:.2f} s, warm {median:.3f} s {spread}, ratio {cold[kind] / median:.0f}")


if __name__ == "__main__":
    main()
