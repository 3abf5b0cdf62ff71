"""Source adapters as files: ``python -m engine.adapters --home FOLDER export RUN_ID FILE``, and ``import FILE``.

Prints one JSON object on what was written or added; ends as ``engine/child_main.py`` says.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from engine.adapters.exporting import export_adapter
from engine.adapters.importing import import_adapter
from engine.child_main import exit_code_of
from engine.files.home import Home
from engine.registry.opening import open_reader
from engine.registry.store import open_store


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m engine.adapters", description="Export and import adapters.")
    parser.add_argument("--home", type=Path, required=True)
    actions = parser.add_subparsers(dest="action", required=True)
    exporting = actions.add_parser("export")
    exporting.add_argument("run_id")
    exporting.add_argument("destination", type=Path)
    exporting.add_argument("--license")
    actions.add_parser("import").add_argument("file", type=Path)
    options = parser.parse_args(arguments)
    return exit_code_of(lambda: print(json.dumps(_report(options))))


def _report(options: argparse.Namespace) -> dict[str, Any]:
    home = Home(options.home)
    if options.action == "export":
        return export_adapter(open_reader(home), options.run_id, options.destination, options.license)
    return import_adapter(open_store(home), options.file)


if __name__ == "__main__":
    sys.exit(main())
