"""Weights of runs that completed before workers wrote them: ``python -m engine.inference.source_weights RUN... --home FOLDER``.

It loads each run's model once and writes ``weights.json`` into its folder. For each run it prints a JSON object: ``run``, and
``problem``, which is None or says why the run has no weights.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from engine.catalog.catalog import Catalog
from engine.child_main import exit_code_of
from engine.data.tokenized_split import TokenizedSplit
from engine.errors import UserError
from engine.files.home import Home
from engine.files.identity import data_identity
from engine.files.source_weights import write_source_weights
from engine.inference.load import Trained, load_trained
from engine.plugins.home_catalog import load_catalog
from engine.registry.opening import open_reader
from engine.registry.reading import Reader
from engine.registry.records import Run
from engine.training.run_data import run_data
from engine.training.source_weights import source_weights
from engine.training.split_rows import SplitRows


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m engine.inference.source_weights", description="Weigh sources again.")
    parser.add_argument("run_ids", nargs="+")
    parser.add_argument("--home", type=Path, required=True)
    options = parser.parse_args(arguments)
    return exit_code_of(lambda: _write_all(options.run_ids, Home(options.home)))


def _write_all(run_ids: Sequence[str], home: Home) -> None:
    reader, catalog = open_reader(home), load_catalog(home)
    for run_id in run_ids:
        print(json.dumps({"run": run_id, "problem": _write(reader, reader.find(run_id), catalog)}), flush=True)


def _write(reader: Reader, run: Run, catalog: Catalog) -> str | None:
    """Why there are none, in one line; None once they are written."""
    try:
        trained = load_trained(reader, run, catalog)
        checkpoint = reader.checkpoints(run.id)["best"].sha256
        dev = partial(_dev, reader.home, run, trained)
        weights = source_weights(trained.model, trained.spec, run.fingerprint, checkpoint, dev, trained.device)
    except UserError as error:
        return str(error)
    if weights is None:
        return f"the method {run.method} does not say how it weighs sources"
    write_source_weights(reader.home.source_weights(run.id), weights)
    return None


def _dev(home: Home, run: Run, trained: Trained) -> TokenizedSplit:
    """The run's dev examples. Raises UserError where they are missing or not those that it was trained with."""
    spec = trained.spec
    (task,) = spec.tasks
    data_dir = Path(spec.data_dir) if spec.data_dir else None
    if data_identity(task, data_dir) != spec.data[task.key]:
        raise UserError(f"the rows of {task.key} changed since run {run.id} was trained; bring back its files")
    rows = SplitRows(home.run(run.id), (run.provenance or {}).get("rows_sha256")).rows
    return run_data(home, spec, trained.folder, trained.config, rows)[task.key].splits["dev"]


if __name__ == "__main__":
    sys.exit(main())
