"""What makes the joint methods what they are: what tasks share, where each starts, and what is generated when."""

from __future__ import annotations

import copy

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from engine.catalog.catalog import BUILT_IN
from engine.catalog.methods import METHODS
from engine.errors import UserError
from engine.methods.hyperformer import HyperFormer
from engine.methods.model import Model

from .helpers import CONFIG, attached, batch, small_encoder

TASKS = tuple(BUILT_IN.find_task(f"glue/{name}") for name in ("rte", "mrpc", "mnli"))
BASE_TASKS = tuple(BUILT_IN.find_task(f"glue/{name}") for name in ("rte", "mrpc"))
PER_TASK = ("pals", "low-rank", "top-attention", "houlsby", "houlsby-pals", "lhuc", "bert-layer-on-top")
JOINT = [name for name, info in METHODS.items() if info.joint]
LABELS = torch.tensor([0, 1, 1, 0])


def joint(method: str, **settings: object) -> Model:
    return attached(method, tasks=TASKS, **settings)


def hypernet(shared: bool) -> HyperFormer:
    torch.manual_seed(0)
    return HyperFormer(BASE_TASKS, 12, 8, 2, (512, 128, 64), shared)


@pytest.mark.parametrize("method", JOINT)
def test_a_batch_updates_shared_parameters_and_only_its_own_tasks(method: str) -> None:
    model = joint(method).train()
    model.loss(batch(), LABELS, "glue/mrpc")[0].backward()
    trained = {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}
    others = {name for name in trained if "glue/rte" in name or "glue/mnli" in name}
    assert {name for name, parameter in trained.items() if parameter.grad is None} == others


@pytest.mark.parametrize("method", JOINT)
def test_tasks_may_take_turns_in_any_order(method: str) -> None:
    """What a task gets does not depend on which task came before it."""
    model = joint(method).eval()
    with torch.no_grad():
        first = {task.key: model(batch(), task.key) for task in TASKS}
        for task in reversed(TASKS):
            assert torch.equal(model(batch(), task.key), first[task.key])
    copied = copy.deepcopy(model)
    with torch.no_grad():
        for parameter in copied.parameters():
            parameter.mul_(1.5)
        assert torch.equal(model(batch(), "glue/rte"), first["glue/rte"])


@pytest.mark.parametrize("method", JOINT)
def test_a_joint_model_can_be_copied_in_mid_training_and_loaded_again(method: str) -> None:
    model = joint(method).train()
    model.loss(batch(), LABELS, "glue/mrpc")[0].backward()
    state = {name: tensor.clone() for name, tensor in copy.deepcopy(model).trainable_state().items()}
    torch.manual_seed(7)
    other = joint(method).eval()
    other.load_trainable(state)
    with torch.no_grad():
        assert torch.equal(other(batch(), "glue/mnli"), model.eval()(batch(), "glue/mnli"))


@pytest.mark.parametrize("method", ["pals", "low-rank", "houlsby", "houlsby-pals", "lhuc"])
def test_without_a_tasks_own_part_the_backbone_is_left(method: str) -> None:
    model = joint(method).eval()
    with torch.no_grad():
        for name, parameter in model.parts.named_parameters():
            if ".up." in name:
                parameter.zero_()
        hidden = model.encode(batch(), "glue/mrpc")
        assert torch.allclose(hidden, model.encoder(batch()), atol=1e-5)


def test_lhuc_and_norms_on_top_start_as_the_identity() -> None:
    """The released code draws the scale and shift of new norms from N(0, 0.02^2), which silences what stands on top."""
    assert not any(scale.any() for name, scale in joint("lhuc").parts.named_parameters())
    for method in ("top-attention", "bert-layer-on-top"):
        norms = [module for module in joint(method).parts.modules() if isinstance(module, nn.LayerNorm)]
        assert norms and all((norm.weight == 1).all() and not norm.bias.any() for norm in norms)


def test_pals_share_projections_over_layers_but_not_over_tasks() -> None:
    model = joint("pals", width=204)
    tasks = model.parts["transfer"].tasks
    names = {name.split(".", 1)[0] for name, _ in tasks["glue/rte"].named_parameters()}
    assert names == {"down", "up", "layer"} and tasks["glue/rte"].down is not tasks["glue/mrpc"].down
    assert tasks["glue/rte"].heads == 6 and tasks["glue/rte"].width == 6 * 34
    assert len(tasks["glue/rte"].layer) == CONFIG.num_hidden_layers
    weights = torch.cat([p.flatten() for name, p in model.parts.named_parameters() if name.endswith("weight")])
    assert weights.std().item() == pytest.approx(0.02, rel=0.02)
    with pytest.raises(UserError, match="multiple of heads"):
        joint("pals", width=10)


def test_the_first_token_shortcut_changes_nothing_in_parallel_modules() -> None:
    for method in ("pals", "low-rank", "houlsby-pals"):
        model = joint(method).eval()
        with torch.no_grad():
            first, states = (model.encode(batch(), "glue/mrpc", first_only) for first_only in (True, False))
        assert torch.allclose(first, states[batch().first], atol=1e-5)


def test_hyperformer_conditions_on_the_task_alone_and_plusplus_on_the_layer_too() -> None:
    """The model-wide initialiser of the released code shrinks layer embeddings to N(0, 0.02^2): layers then start alike."""

    def likeness(made: HyperFormer) -> float:
        e = F.normalize(made.projected("glue/rte"), dim=-1)
        return ((e @ e.T).sum() - len(e)).item() / (len(e) * (len(e) - 1))

    assert hypernet(shared=False).projected("glue/rte").shape == (64,)
    fixed, blind = hypernet(shared=True), hypernet(shared=True)
    with torch.no_grad():
        blind.layer_embeddings.mul_(0.02)
        assert likeness(fixed) == pytest.approx(0.6, abs=0.12)
        assert likeness(blind) > 0.999
    assert fixed.layer_embeddings.std().item() == pytest.approx(1.0, abs=0.03)
    assert fixed.embeddings["glue/rte"].std().item() == pytest.approx(1.0, abs=0.1)
    assert fixed.inner.weight.std().item() == pytest.approx(0.02, rel=0.03) and not fixed.inner.bias.any()


@pytest.mark.parametrize("method", ["hyperformer", "hyperformer++"])
def test_a_generated_norm_of_zeros_leaves_the_backbone(method: str) -> None:
    model = joint(method).eval()
    with torch.no_grad():
        changed = model.encode(batch(), "glue/mrpc")
        for name, parameter in model.parts.named_parameters():
            if "post_norm" in name:
                parameter.zero_()
        again = model.encode(batch(), "glue/mrpc")
        assert not torch.allclose(changed, again, atol=1e-3)
        assert torch.allclose(again, model.encoder(batch()), atol=1e-5)


@pytest.mark.parametrize("method", ["hyperformer", "hyperformer++"])
def test_adapters_are_generated_once_per_step_and_once_per_evaluation(method: str) -> None:
    model = joint(method).train()
    calls: list[int] = []
    model.parts["hypernet"].inner.register_forward_hook(lambda *_: calls.append(1))
    optimizer = torch.optim.AdamW(model.parameter_groups(0.01, 0.0), fused=True)
    for done in (1, 2):
        model.loss(batch(), LABELS, "glue/rte")[0].backward()
        optimizer.step()
        assert len(calls) == done
    model.eval()
    with torch.inference_mode():
        outputs = [model(batch(), "glue/rte") for _ in range(3)]
        assert len(calls) == 3 and torch.equal(outputs[0], outputs[2])
        model(batch(), "glue/mrpc")
        assert len(calls) == 4
    model.train().loss(batch(), LABELS, "glue/mrpc")[0].backward()
    optimizer.step()
    model.eval()
    with torch.inference_mode():
        assert not torch.equal(model(batch(), "glue/rte"), outputs[0])


def test_weights_are_generated_in_full_precision() -> None:
    model = joint("hyperformer++").train()
    with torch.autocast("cpu", torch.bfloat16):
        assert {part.dtype for part in model.parts["hypernet"].folded("glue/rte")} == {torch.float32}


def test_generators_of_all_layers_work_as_one_layer_at_a_time() -> None:
    made = hypernet(shared=True)
    with torch.no_grad():
        together, e = made.fold("glue/rte"), made.projected("glue/rte")
        for layer in range(12):
            alone = made.all_layers(e[layer])
            for part, expected in zip(alone, together, strict=True):
                assert torch.allclose(part, expected[layer].flatten(), atol=1e-6)


def test_dropout_rates_of_parallel_attention_are_the_backbones() -> None:
    model = attached("pals", small_encoder(dropout=0.3), tasks=TASKS)
    assert all(attention.dropout == 0.3 for attention in model.parts["transfer"].tasks.values())
    torch.manual_seed(0)
    first = model.train()(batch(), "glue/rte")
    assert not torch.equal(first, model(batch(), "glue/rte"))
