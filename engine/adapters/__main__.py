"""Source adapters as files: ``python -m engine.adapters --home FOLDER export RUN_ID FILE``, and ``import FILE``.

Prints one JSON object on what was written or added. A refusal is one line on stderr and the exit code of its error.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from engine.adapters.exporting import export_adapter
from engine.adapters.importing import import_adapter
from engine.errors import UserError
from engine.files.home import Home
from engine.registry.store import open_store


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m engine.adapters", description="Export and import adapters.")
    parser.add_argument("--home", type=Path, required=True)
    actions = parser.add_subparsers(dest="action", required=True)
    exporting = actions.add_parser("export")
    exporting.add_argument("run_id")
    exporting.add_argument("destination", type=Path)
    actions.add_parser("import").add_argument("file", type=Path)
    options = parser.parse_args(arguments)
    try:
        store = open_store(Home(options.home))
        if options.action == "export":
            report = export_adapter(store, options.run_id, options.destination)
        else:
            report = import_adapter(store, options.file)
    except UserError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    print(json.dumps(report))
    return 0


if __name__ == "__main__":
    sys.exit(main())
