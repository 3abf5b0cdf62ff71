"""Results in files whose libraries only this process loads: ``python -m engine.results --home FOLDER ... OUTPUT TERM...``.

Prints one JSON object, ``rows`` that were written; ends as ``engine/child_main.py`` says.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from engine.child_main import exit_code_of
from engine.results import chosen
from engine.results.kinds import KINDS


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m engine.results", description="Write results of runs.")
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--format", choices=("parquet", "tensorboard"), required=True)
    parser.add_argument("--kind", choices=KINDS, required=True)
    parser.add_argument("output", type=Path)
    parser.add_argument("terms", nargs="*")
    options = parser.parse_args(arguments)
    return exit_code_of(lambda: print(json.dumps({"rows": _write(options)})))


def _write(options: argparse.Namespace) -> int:
    runs = chosen(" ".join(options.terms), options.home)
    if options.format == "parquet":
        from engine.results.parquet import write_parquet

        return write_parquet(KINDS[options.kind](runs), options.output)
    from engine.results.tensorboard import write_events

    return write_events(runs, options.output)


if __name__ == "__main__":
    sys.exit(main())
