"""Imports the entries of installed packages: ``python -m engine.plugins.load`` reads entry points and prints entries, as JSON.

Each entry point has the ``group``, ``name``, ``value`` and ``distribution`` of ``engine.plugins.installed``. Whatever an import
raises is one line of ``unusable``, and what it prints goes to standard error.
"""

from __future__ import annotations

import json
import sys
from importlib import import_module
from typing import Any

from engine.catalog.records import entry_record
from engine.errors import UserError
from engine.plugins.check import check_benchmark, check_method


def loaded(points: list[dict[str, str]]) -> dict[str, Any]:
    """``methods`` and ``benchmarks`` as records, why others are ``unusable``, and the files of the ``modules`` they need."""
    document: dict[str, Any] = {"methods": [], "benchmarks": [], "unusable": []}
    for point in points:
        kind = point["group"].removeprefix("scalearn.")
        try:
            document[kind].append(_record(kind, **point))
        except (Exception, SystemExit) as error:
            reason = (str(error).strip().splitlines() or [""])[0]
            reason = reason if isinstance(error, UserError) else f"{type(error).__name__}: {reason}"
            document["unusable"].append(f"the {kind[:-1]} {point['name']} of {point['distribution']} is left out: {reason}")
    return {**document, "modules": _files({point["value"].partition(".")[0].partition(":")[0] for point in points})}


def _record(kind: str, group: str, name: str, value: str, distribution: str) -> dict[str, Any]:
    module, _, attribute = value.partition(":")
    entry: Any = import_module(module.strip())
    for part in attribute.strip().split("."):
        entry = getattr(entry, part)
    (check_method if kind == "methods" else check_benchmark)(entry, name)
    return {**entry_record(entry), "distribution": distribution}


def _files(packages: set[str]) -> list[str]:
    """The files of the modules that were imported from these top-level packages."""
    modules = [module for name, module in sys.modules.items() if name.partition(".")[0] in packages]
    return sorted({file for module in modules if (file := getattr(module, "__file__", None))})


def main() -> int:
    points = json.load(sys.stdin)
    answer, sys.stdout = sys.stdout, sys.stderr
    print(json.dumps(loaded(points)), file=answer)
    return 0


if __name__ == "__main__":
    sys.exit(main())
