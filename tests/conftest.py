"""What all tests share: a tiny random backbone with a real tokenizer, a registry of its own for each test, and hubs on
this machine."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
import pytest

from engine.files.disk import try_lock
from engine.files.home import Home
from engine.registry.store import Store, open_store
from tests.files.tiny_hub import Repository, TinyHub

NOBODY = 65534
TINY = {
    "model_type": "bert",
    "vocab_size": 0,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 64,
    "hidden_act": "gelu",
    "hidden_dropout_prob": 0.1,
    "attention_probs_dropout_prob": 0.1,
    "max_position_embeddings": 128,
    "type_vocab_size": 2,
    "layer_norm_eps": 1e-12,
    "pad_token_id": 0,
}


def write_tiny_backbone(folder: Path, **changes: object) -> Path:
    """A random BERT of two layers, in the hub's format, with a WordPiece tokenizer over letters and common words."""
    import torch
    from tokenizers import BertWordPieceTokenizer
    from transformers import BertConfig, BertModel

    letters = [chr(code) for code in range(97, 123)]
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *".,?!'-", *letters, *(f"##{letter}" for letter in letters)]
    vocabulary += "is not to in of and it was good bad great happy sad did who where what goes went".split()  # noqa: SIM905
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = BertWordPieceTokenizer({token: index for index, token in enumerate(vocabulary)}, lowercase=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    torch.manual_seed(1)
    model = BertModel(BertConfig(**{**TINY, "vocab_size": len(vocabulary), **changes}), add_pooling_layer=False)
    model.save_pretrained(folder)
    config = json.loads((folder / "config.json").read_text())
    assert config["model_type"] == "bert"
    return folder


@pytest.fixture(scope="session")
def tiny_backbone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_backbone(tmp_path_factory.mktemp("backbone") / "tiny-bert")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """An empty home that the commands of this test use as well."""
    monkeypatch.setenv("SCALEARN_HOME", str(tmp_path / "home"))
    return Home(tmp_path / "home")


@pytest.fixture
def store(home: Home) -> Store:
    return open_store(home)


@pytest.fixture
def supervised(store: Store) -> Iterator[None]:
    """Commands find a supervisor at work and start none."""
    lock = try_lock(store.home.supervisor_lock)
    assert lock is not None
    yield
    os.close(lock)


@pytest.fixture
def user_folder() -> Iterator[Path]:
    """An empty folder of a user whom permissions bind, which this process is for the test."""
    with TemporaryDirectory() as name:
        folder, is_root = Path(name), os.geteuid() == 0
        if is_root:
            os.chown(folder, NOBODY, NOBODY)
            os.seteuid(NOBODY)
        yield folder
        if is_root:
            os.seteuid(0)
        for path in folder.rglob("*"):
            if path.is_dir() and not path.is_symlink():
                path.chmod(0o700)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of the hub."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "hub"


@pytest.fixture
def hub_of(cache: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[dict[str, Repository]], TinyHub]]:
    """Start a hub of these repositories, which this process asks from then on."""
    hubs: list[TinyHub] = []

    def start(repositories: dict[str, Repository]) -> TinyHub:
        hub = TinyHub(repositories)
        monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
        monkeypatch.setenv("HF_ENDPOINT", hub.address)
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
        hubs.append(hub)
        return hub

    yield start
    for hub in hubs:
        hub.stop()


@pytest.fixture
def no_process_left(tmp_path: Path) -> Iterator[None]:
    """Processes that a command started end with the test."""
    yield
    for process in psutil.process_iter(["cmdline"]):
        if any(str(tmp_path) in word for word in process.info["cmdline"] or []):
            process.kill()
