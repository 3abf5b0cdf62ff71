"""`benchmarks add` on one task with files that a test writes."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from engine.catalog.task import BenchmarkInfo
from engine.data.check_benchmark import checked
from engine.errors import UserError
from engine.files.disk import file_digest
from engine.files.home import Home
from engine.own_benchmarks.declaration import read_declaration
from engine.own_benchmarks.stored import Stored, save
from engine.plugins.home_catalog import load_catalog
from scalearn_tui.cli.app import main
from scalearn_tui.cli.exits import ExitCode
from tests.own_benchmarks.shop import write_table

Capture = pytest.CaptureFixture[str]


class Adding:
    """The command on one task of the benchmark ``own``, with files in a folder."""

    def __init__(self, folder: Path, home: Home, capsys: Capture) -> None:
        self.folder, self.home, self.capsys = folder, home, capsys

    def file(self, name: str, content: str | list[dict]) -> None:
        if isinstance(content, str):
            (self.folder / name).write_text(content, encoding="utf-8")
        else:
            write_table(self.folder / name, content)

    def rows(self, labels: list[Any], name: str = "rows.csv") -> None:
        self.file(name, [{"text": f"number {n} of {name}", "label": label} for n, label in enumerate(labels)])

    def run(self, *keys: str, train: str = "rows.csv") -> tuple[int, dict[str, Any], str]:
        """What the command does, without the cost of a process: exit code, document and error."""
        path = self.declare(*keys, train=train)
        try:
            result = checked(read_declaration(path))
        except UserError as error:
            return error.exit_code, {}, str(error)
        save(self.home.benchmarks, Stored(result.benchmark, path, file_digest(path)))
        return ExitCode.OK, json.loads(json.dumps(asdict(result))), ""

    def declare(self, *keys: str, train: str = "rows.csv") -> Path:
        lines = ['name = "own"', "[tasks.t]", f'train = "{train}"', *keys]
        for key, default in (("text", '"{text}"'), ("test", "0.2")):
            lines += [] if any(line.startswith(f"{key} =") for line in keys) else [f"{key} = {default}"]
        path = self.folder / "own.toml"
        path.write_text("\n".join(lines), encoding="utf-8")
        return path

    def add(self, path: Path, *flags: str) -> tuple[int, dict[str, Any], str]:
        """The command itself: exit code, document and standard error."""
        self.capsys.readouterr()
        code = main(["benchmarks", "add", str(path), "--json", *flags])
        out, err = self.capsys.readouterr()
        return code, json.loads(out) if out else {}, err

    def stored(self) -> BenchmarkInfo:
        return load_catalog(self.home).benchmarks["own"]


def codes(document: dict[str, Any]) -> list[tuple[str, str, int | None]]:
    return [(notice["code"], Path(notice["file"]).name, notice["line"]) for notice in document["notices"]]
