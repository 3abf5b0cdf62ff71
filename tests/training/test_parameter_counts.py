"""What ``scalearn methods --params`` prints equals the released code's counts, where we train the same parameters."""

from __future__ import annotations

from functools import cache

import pytest

from engine.catalog.catalog import BUILT_IN
from engine.catalog.methods import METHODS
from engine.encoder.loading import shape_of
from engine.errors import UserError
from engine.training.parameter_counts import build, counts, parameters

from ..conformance.released import counted as released

JOINT = {
    "full-ft-m": "full_finetune_m",
    "adapter-m": "adapter_m",
    "propetl-m": "propetl_m",
    "hyperformer": "hyperformer",
    "hyperformer++": "hyperformer_plusplus",
}
BESIDE_BERT = {
    "shared": "bert/shared_only",
    "pals": "bert/pals",
    "low-rank": "bert/low_rank",
    "top-attention": "bert/top_projected_attention",
    "houlsby": "bert/houlsby",
    "houlsby-pals": "bert/houlsby_plus_pals",
    "lhuc": "bert/lhuc",
    "bert-layer-on-top": "bert/bert_layer_on_top",
}
MASK_PAIR = 2 * 48 * 768
"""The layer mask of layer 0, which the released code aliases to the last task's."""
BERT_BASE = 109_482_240


@cache
def counted(backbone: str) -> dict[str, dict[str, int]]:
    return {record.pop("name"): record for record in counts(backbone, 8, BUILT_IN)}


@pytest.mark.parametrize("method", JOINT)
def test_joint_methods_train_what_the_released_code_does(method: str) -> None:
    ours, theirs = counted("roberta-base")[method], released(JOINT[method])
    more = MASK_PAIR if method == "propetl-m" else 0
    assert ours["head"] == theirs["head_only"]
    assert ours["transfer"] == theirs["transfer_only"] + more
    assert ours["trainable"] == theirs["trainable_total"] - theirs.get("of_which_unused_pooler", 0) + more


@pytest.mark.parametrize("method", BESIDE_BERT)
@pytest.mark.parametrize("backbone", ["roberta-base", "bert-base-uncased"])
def test_what_is_added_beside_bert_is_what_the_paper_adds(method: str, backbone: str) -> None:
    ours, theirs = counted(backbone)[method], released(BESIDE_BERT[method])
    assert ours["transfer"] == theirs["transfer_only"]
    assert ours["head"] == theirs["head_only"]
    if backbone == "bert-base-uncased":
        assert ours["trainable"] == theirs["trainable_total"]


def test_multiples_of_one_bert() -> None:
    added = {method: round(1 + record["transfer"] / BERT_BASE, 5) for method, record in counted("bert-base-uncased").items()}
    expected = {"shared": 1.0, "top-attention": 1.09649, "pals": 1.13298, "low-rank": 1.13545}
    assert {method: added[method] for method in expected} == expected


def test_parameters_grow_with_the_number_of_tasks() -> None:
    config = shape_of("roberta-base")
    glue, superglue = (list(BUILT_IN.benchmarks[name].tasks) for name in ("glue", "superglue"))
    both = [*glue, *(task for task in superglue if task.name != "rte")]
    for method, expected in {"hyperformer": 59_424_128, "hyperformer++": 5_098_608, "adapter-m": 894_528}.items():
        assert parameters(build(METHODS[method], config, both))["transfer"] == expected
    heads = [parameters(build(METHODS["adapter-m"], config, tasks))["head"] for tasks in (glue, both)]
    # Ours has the same two-layer head for COPA, the released code a linear map.
    assert heads == [4_737_040, 8_291_358 + 768 * 768 + 768]


def test_sizes_by_hand_and_of_a_folder(tiny_backbone: object) -> None:
    tasks = [BUILT_IN.find_task("glue/rte"), BUILT_IN.find_task("glue/mnli")]
    config = shape_of(str(tiny_backbone))
    assert parameters(build(METHODS["pals"], config, tasks, width=12))["transfer"] == 2 * (
        2 * 32 * 12 + 12 + 32 + config.num_hidden_layers * 3 * (12 * 12 + 12)
    )
    with pytest.raises(UserError, match="multiple of heads"):
        build(METHODS["pals"], config, tasks, width=10)
    with pytest.raises(UserError, match="1 to 8"):
        counts("minilm", 9, BUILT_IN)
