"""The catalog looks at nothing: no file, no network, no process."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import engine.catalog

FORBIDDEN = {"os", "socket", "threading", "tempfile", "huggingface_hub", "fcntl", "hashlib", "urllib", "subprocess", "tomllib"}
FILES = sorted(Path(engine.catalog.__file__).parent.glob("**/*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_file_of_the_catalog_reads_files_or_the_network(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        imported = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        imported += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        assert not {name.partition(".")[0] for name in imported} & FORBIDDEN
