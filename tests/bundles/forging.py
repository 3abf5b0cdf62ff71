"""Bundles taken apart, changed, and put together again, signed as if they had always been so."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from engine.bundles.arrays import read_arrays, write_arrays
from engine.bundles.container import write_archive
from engine.bundles.records import evidence_member, rows_member
from engine.files.evidence import arrays_digest

MANIFEST, RUNS, TABLE = "manifest.json", "runs.jsonl", "table.json"


class Parts(dict[str, bytes]):
    """Members by name."""

    @classmethod
    def of(cls, path: Path) -> Parts:
        with zipfile.ZipFile(path) as archive:
            return cls({name: archive.read(name) for name in archive.namelist()})

    @property
    def names(self) -> list[str]:
        return list(self)

    def read(self, name: str) -> bytes:
        return self[name]

    def json(self, name: str) -> Any:
        return json.loads(self[name])

    def put(self, name: str, document: Any) -> None:
        self[name] = json.dumps(document).encode()

    @property
    def runs(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self[RUNS].splitlines()]

    def change_runs(self, change: Callable[[list[dict[str, Any]]], list[dict[str, Any]] | None]) -> None:
        runs = self.runs
        self[RUNS] = b"".join(json.dumps(run).encode() + b"\n" for run in change(runs) or runs)

    def change_answers(self, run_id: str, split: str, change: Callable[[np.ndarray], np.ndarray]) -> None:
        """Other logits, under their own digest, which the run's line names."""

        def renamed(runs: list[dict[str, Any]]) -> None:
            for run in runs:
                for kept in run["evidence"]:
                    if (run["id"], kept["split"]) == (run_id, split):
                        arrays, header = read_arrays(self.pop(evidence_member(run_id, kept["logits"])), "answers")
                        arrays = {"logits": np.ascontiguousarray(change(arrays["logits"].copy()))}
                        kept["logits"] = arrays_digest(arrays)
                        self[evidence_member(run_id, kept["logits"])] = write_arrays(arrays, header)

        self.change_runs(renamed)

    def change_rows(self, sha256: str, change: Callable[[dict[str, np.ndarray]], None]) -> None:
        """Other examples, under their own digest, which lines and headers name."""
        arrays, header = read_arrays(self.pop(rows_member(sha256)), "rows")
        change(arrays)
        new = arrays_digest(arrays)
        self[rows_member(new)] = write_arrays(arrays, header)
        self[RUNS] = self[RUNS].replace(sha256.encode(), new.encode())
        for name in [name for name in self if name.startswith("evidence/")]:
            self[name] = self[name].replace(sha256.encode(), new.encode())

    def signed(self) -> Parts:
        """With a manifest that lists the members as they are."""
        manifest = self.json(MANIFEST)
        manifest["members"] = {
            name: {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
            for name, data in self.items()
            if name != MANIFEST
        }
        self.put(MANIFEST, manifest)
        return self

    def write(self, path: Path) -> Path:
        write_archive(path, self)
        return path
