"""Bundles: ``python -m engine.bundles write|import|verify``, all of which print one JSON object.

Before it, ``verify --rerun`` prints a line ``{"progress": ...}`` for what happens to the runs that it trains.

Ends as ``engine/child_main.py`` says.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.child_main import exit_code_of
from engine.files.home import Home

if TYPE_CHECKING:
    from engine.bundles.opening import Bundle
    from engine.bundles.rerun_verdicts import Verdict
    from engine.bundles.verifying import Findings


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m engine.bundles", description="Write, import and verify bundles.")
    actions = parser.add_subparsers(dest="action", required=True)
    writing = actions.add_parser("write")
    writing.add_argument("--home", type=Path, required=True)
    writing.add_argument("--sweep")
    writing.add_argument("--checkpoints", action="store_true")
    writing.add_argument("--anonymous", action="store_true")
    writing.add_argument("destination", type=Path)
    writing.add_argument("runs", nargs="+")
    importing = actions.add_parser("import")
    importing.add_argument("--home", type=Path, required=True)
    importing.add_argument("file", type=Path)
    verifying = actions.add_parser("verify")
    verifying.add_argument("--expect")
    verifying.add_argument("--rerun", type=int, default=0)
    verifying.add_argument("--data-dir", type=Path)
    verifying.add_argument("file", type=Path)
    options = parser.parse_args(arguments)
    # Tables date rows that differ in nothing else, and a bundle's table is the same in every time zone.
    os.environ.update(TZ="UTC")
    time.tzset()
    action = {"write": _write, "import": _import, "verify": _verify}[options.action]
    return exit_code_of(lambda: print(json.dumps(action(options))))


def _write(options: argparse.Namespace) -> dict[str, Any]:
    from engine.bundles.writing import Wanted, write_bundle
    from engine.plugins.home_catalog import load_catalog
    from engine.registry.opening import open_reader
    from engine.training.provenance import package_version

    reader = open_reader(Home(options.home))
    wanted = Wanted(
        reader.runs(ids=options.runs),
        reader.sweep(options.sweep) if options.sweep else None,
        options.checkpoints,
        options.anonymous,
    )
    return write_bundle(reader, load_catalog(reader.home), wanted, options.destination, package_version())


def _import(options: argparse.Namespace) -> dict[str, Any]:
    from engine.bundles.importing import import_bundle
    from engine.plugins.home_catalog import load_catalog
    from engine.registry.store import open_store

    store = open_store(Home(options.home))
    return asdict(import_bundle(options.file, store, load_catalog(store.home)))


def _verify(options: argparse.Namespace) -> dict[str, Any]:
    from engine.bundles.opening import open_bundle
    from engine.bundles.temporary import temporary_store
    from engine.bundles.verifying import verify
    from engine.plugins.home_catalog import load_catalog

    with temporary_store() as store, open_bundle(options.file, load_catalog(store.home)) as bundle:
        found = verify(bundle, store, options.expect, options.data_dir)
        verdicts = _rerun(options, bundle, found) if options.rerun else []
        return {
            "file": str(options.file),
            "digest": bundle.digest,
            "equal": not found.wrong,
            **asdict(found),
            "reruns": [asdict(verdict) for verdict in verdicts],
        }


def _rerun(options: argparse.Namespace, bundle: Bundle, found: Findings) -> list[Verdict]:
    """Train a sample again; what came out otherwise is added to ``found``."""
    from engine.bundles.rerun import draw, names, train_again
    from engine.bundles.temporary import temporary_store

    sample = draw(bundle.contents, options.rerun, options.data_dir)
    found.unchecked += [f"run {run_id} could not be drawn: {why}" for run_id, why in sample.left_out.items()]
    _say(f"drawn at random: {names(sample.drawn)}; {len(sample.specs)} runs to train with their sources")
    with temporary_store() as store:
        verdicts = train_again(bundle.contents, sample, store, _say)
    found.wrong += [f"run {one.run}, trained again: {one.verdict}: {one.text}" for one in verdicts if one.bad]
    return verdicts


def _say(text: str) -> None:
    print(json.dumps({"progress": text}), flush=True)


if __name__ == "__main__":
    sys.exit(main())
