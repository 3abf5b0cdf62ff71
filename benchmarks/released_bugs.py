"""What three bugs of the papers' released code do to scores: completed runs are trained again as they are, and with the bug.

    OMP_NUM_THREADS=1 python benchmarks/released_bugs.py RUN... [--home FOLDER]

Each bug is tried on the runs that it concerns (docs/deviations.md lists all):

- ``last omega``: where layers share one omega (++), it was not saved, so the best epoch's head met the last epoch's omega;
- ``one sentence``: WiC's second sentence was written to a field that nothing read;
- ``no penalty``: AdapterFusion's penalty on the value map was divided away (here its weight is 0).

Both trainings share seed, rows and order. Scores are the headline metric on test, in points; nothing is written to the home.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from engine.catalog.catalog import Catalog
from engine.data.prepared import TaskData, prepare
from engine.data.templates import TEMPLATES, Columns, Rendered, Template, wic
from engine.encoder.loading import load_config
from engine.files.backbones import find_backbone
from engine.files.home import Home
from engine.methods.model import Model
from engine.plugins.home_catalog import load_catalog
from engine.registry.opening import open_reader
from engine.registry.reading import Reader
from engine.registry.records import Run
from engine.runs.spec import RunSpec
from engine.training.build import build_model
from engine.training.checkpoints import load_checkpoint
from engine.training.device import choose_device
from engine.training.evaluation import measure, predict
from engine.training.loop import CheckpointFiles, Loop
from engine.training.sources import load_sources

SHARED = "transfer.omega"
"""The omega that all layers share, among a model's trained tensors."""


class Unrecorded:
    """Takes the place of the writer of curves."""

    def __getattr__(self, name: str) -> Any:
        return lambda *_, **__: None


@dataclass
class Trained:
    model: Model
    data: TaskData
    best: Mapping[str, Any]
    last: Mapping[str, Any]
    """Trained tensors by name, of the selected and of the last epoch."""


def bugs_of(spec: RunSpec) -> Iterator[str]:
    if spec.method in ("scalearn++", "scalearn-uniform++"):
        yield "last omega"
    if spec.targets == ("superglue/wic",):
        yield "one sentence"
    if spec.method == "adapterfusion":
        yield "no penalty"


def one_sentence(task: Any, rows: Columns) -> Rendered:
    return Rendered([(first, None) for first, _ in wic(task, rows).sequences])


def train(reader: Reader, catalog: Catalog, run: Run, **changed: Any) -> Trained:
    spec = run.parsed
    settings = {**spec.hyperparameters, **changed}
    task, device = spec.tasks[0], choose_device(str(settings["precision"]))
    folder = find_backbone(spec.backbone_path or spec.backbone).folder()
    similarities = (run.provenance or {}).get("similarities")
    changed_spec = spec.model_copy(update={"hyperparameters": settings})
    sources = load_sources(reader, run.id, spec, similarities)
    model = device.place(build_model(changed_spec, spec.method_in(catalog), folder, sources))
    with TemporaryDirectory() as scratch:
        root = Path(scratch)
        data_dir = Path(spec.data_dir) if spec.data_dir else None
        data = prepare(task, folder, root / "tokens", data_dir, spec.limits, shots=spec.shots, seed=spec.seed,
                       vocab_size=load_config(folder).vocab_size)  # fmt: skip
        files = CheckpointFiles(root / "best", root / "last", record=lambda *_: None, check=lambda: None)
        writer: Any = Unrecorded()
        Loop(model, [task], {task.key: data}, settings, spec.seed, device, files, writer, lambda: False, {}).run()
        best, last = load_checkpoint(files.best)[0], load_checkpoint(files.last)[0]
    trained = {name.removeprefix("model."): tensor for name, tensor in last.items() if name.startswith("model.")}
    return Trained(model, data, best, trained)


def score(spec: RunSpec, trained: Trained) -> float:
    task, device = spec.tasks[0], choose_device(str(spec.hyperparameters["precision"]))
    split = trained.data.splits["test"]
    return 100 * measure(task, split, predict(trained.model, task, split, device))[task.headline]


def with_bug(bug: str, reader: Reader, catalog: Catalog, run: Run, usual: Trained) -> float:
    if bug == "last omega":
        usual.model.load_trainable({**usual.best, SHARED: usual.last[SHARED]})
        return score(run.parsed, usual)
    if bug == "no penalty":
        return score(run.parsed, train(reader, catalog, run, value_penalty=0.0))
    kept = TEMPLATES["wic"]
    TEMPLATES["wic"] = Template(one_sentence)
    try:
        return score(run.parsed, train(reader, catalog, run))
    finally:
        TEMPLATES["wic"] = kept


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+", metavar="RUN")
    parser.add_argument("--home", type=Path)
    options = parser.parse_args()
    home = Home(options.home) if options.home else Home.default()
    reader, catalog = open_reader(home), load_catalog(home)
    differences: dict[tuple[str, str, str], list[float]] = {}
    for run in reader.runs(ids=options.runs):
        bugs = list(bugs_of(run.parsed))
        if not bugs:
            print(f"{run.id}: {run.method} on {run.target} has none of these bugs")
            continue
        usual = train(reader, catalog, run)
        as_it_is = score(run.parsed, usual)
        for bug in bugs:
            buggy = with_bug(bug, reader, catalog, run, usual)
            differences.setdefault((bug, run.method, run.target), []).append(buggy - as_it_is)
            print(f"{run.id}  {run.method} on {run.target}, seed {run.seed}: {as_it_is:.2f}, {bug} {buggy:.2f}", flush=True)
    for (bug, method, target), values in differences.items():
        spread = f" ± {statistics.stdev(values):.2f}" if len(values) > 1 else ""
        print(f"{bug}: {method} on {target} {statistics.fmean(values):+.2f}{spread} points ({len(values)} runs)")


if __name__ == "__main__":
    main()
