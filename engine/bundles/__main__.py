"""Bundles: ``python -m engine.bundles write|import|verify``, all of which print one JSON object.

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
from typing import Any

from engine.child_main import exit_code_of
from engine.files.home import Home


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
    verifying.add_argument("--data-dir", type=Path)
    verifying.add_argument("file", type=Path)
    options = parser.parse_args(arguments)
    # Tables date rows that differ in nothing else, and a bundle's table is the same in every time zone.
    os.environ["TZ"] = "UTC"
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
        return {"file": str(options.file), "digest": bundle.digest, "equal": not found.wrong, "reruns": [], **asdict(found)}


if __name__ == "__main__":
    sys.exit(main())
