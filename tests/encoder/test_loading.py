"""Folders in the hub's format: read, written back, and refused with one line that says what to do."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import AutoModel

from engine.catalog.architectures import ARCHITECTURES as SUPPORTED
from engine.encoder.config import EncoderConfig
from engine.encoder.loading import hub_state, load_encoder, save_encoder
from engine.errors import UserError

from .helpers import ARCHITECTURES, packed_batch, reference, saved


def rewritten(folder: Path, change: Callable[[dict[str, Tensor]], dict[str, Tensor]]) -> Path:
    save_file(change(load_file(folder / "model.safetensors")), folder / "model.safetensors")
    return folder


def reconfigured(folder: Path, **changes: object) -> Path:
    values = json.loads((folder / "config.json").read_text()) | changes
    (folder / "config.json").write_text(json.dumps({name: value for name, value in values.items() if value is not ...}))
    return folder


@pytest.mark.parametrize("model_type", ARCHITECTURES)
def test_round_trip(model_type: str, tmp_path: Path) -> None:
    model = reference(model_type)
    folder = saved(model, tmp_path / "in")
    (folder / "tokenizer.json").write_text("{}")
    encoder = load_encoder(folder)
    state = hub_state(encoder)
    assert state.keys() == model.state_dict().keys()
    assert all(torch.equal(state[name], tensor) for name, tensor in model.state_dict().items())
    save_encoder(encoder, folder, tmp_path / "out")
    assert (tmp_path / "out" / "tokenizer.json").read_text() == "{}"
    again, report = AutoModel.from_pretrained(tmp_path / "out", output_loading_info=True)
    assert type(again) is type(model)
    assert not any(report[name] for name in ("missing_keys", "unexpected_keys", "mismatched_keys"))
    assert all(torch.equal(again.state_dict()[name], tensor) for name, tensor in model.state_dict().items())
    assert load_encoder(tmp_path / "out").config == encoder.config


def test_weights_below_a_head_and_old_norm_names(tmp_path: Path) -> None:
    folder = saved(reference("roberta"), tmp_path)
    plain = load_encoder(folder).eval()
    renamed = {".LayerNorm.weight": ".LayerNorm.gamma", ".LayerNorm.bias": ".LayerNorm.beta"}

    def old(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        result = {"lm_head.bias": torch.zeros(3)}
        for name, tensor in tensors.items():
            if not name.startswith("pooler"):
                for new, former in renamed.items():
                    name = name.replace(new, former)
                result[f"roberta.{name}"] = tensor
        return result

    encoder = load_encoder(rewritten(folder, old)).eval()
    assert encoder.pooler is None
    with torch.no_grad():
        assert torch.equal(encoder(packed_batch([4, 9])), plain(packed_batch([4, 9])))


def test_half_precision_files_become_float32(tmp_path: Path) -> None:
    folder = rewritten(saved(reference("bert"), tmp_path), lambda tensors: {n: t.bfloat16() for n, t in tensors.items()})
    assert {parameter.dtype for parameter in load_encoder(folder).parameters()} == {torch.float32}


def test_only_the_pinned_file_is_loaded(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"not the pinned file .* download it again"):
        load_encoder(saved(reference("bert"), tmp_path), "0" * 64)


def test_a_pickle_is_never_read(tmp_path: Path) -> None:
    folder = saved(reference("bert"), tmp_path)
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(UserError, match=r"only pytorch_model\.bin"):
        load_encoder(folder)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model_type": "distilbert"}, "'distilbert' is not supported; choose a bert, roberta, xlm-roberta"),
        ({"model_type": ...}, "architecture None is not supported"),
        ({"hidden_act": "relu"}, "hidden_act 'relu' is not supported"),
        ({"position_embedding_type": "relative_key"}, "position_embedding_type 'relative_key'"),
        ({"is_decoder": True}, "is_decoder True"),
        ({"hidden_size": ...}, "hidden_size is None"),
        ({"hidden_size": "32"}, "hidden_size is '32'"),
        ({"num_hidden_layers": 0}, "num_hidden_layers is 0"),
        ({"hidden_dropout_prob": 1.5}, "hidden_dropout_prob is 1.5"),
        ({"num_attention_heads": 5}, "multiple of num_attention_heads"),
        ({"num_hidden_layers": 4}, r"the weights lack 'encoder\.layer\.3\."),
        ({"vocab_size": 100}, r"word_embeddings\.weight' is \[99, 32\], but config\.json says \[100, 32\]"),
    ],
)
def test_configurations_that_cannot_be_right(changes: dict[str, object], message: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=message) as caught:
        load_encoder(reconfigured(saved(reference("bert"), tmp_path), **changes))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("config.json", "{", "cannot be read"),
        ("config.json", "[]", "must hold an object"),
        ("config.json", None, "has no config.json"),
        ("model.safetensors", "not tensors", "is damaged"),
        ("model.safetensors", None, "has no model.safetensors"),
    ],
)
def test_files_that_are_missing_or_damaged(name: str, content: str | None, message: str, tmp_path: Path) -> None:
    folder = saved(reference("bert"), tmp_path)
    (folder / name).unlink()
    if content is not None:
        (folder / name).write_text(content)
    with pytest.raises(UserError, match=message) as caught:
        load_encoder(folder)
    assert "\n" not in str(caught.value)


def test_every_architecture_is_tested() -> None:
    assert SUPPORTED.keys() == ARCHITECTURES.keys()


def test_positions_of_roberta_start_after_its_padding_id() -> None:
    values = {
        "vocab_size": 9, "hidden_size": 4, "num_hidden_layers": 1, "num_attention_heads": 1, "intermediate_size": 4,
        "max_position_embeddings": 514, "type_vocab_size": 1, "pad_token_id": 1,
    }  # fmt: skip
    roberta = EncoderConfig.from_json({"model_type": "roberta", **values})
    bert = EncoderConfig.from_json({"model_type": "bert", **values, "classifier_dropout": 0.3})
    assert (roberta.position_offset, roberta.max_length, roberta.head_dropout) == (2, 512, 0.1)
    assert (bert.position_offset, bert.max_length, bert.head_dropout) == (0, 514, 0.3)
