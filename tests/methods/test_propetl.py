"""ProPETL's masks: what they keep, that they are trained, and that no two of them are one."""

from __future__ import annotations

import pytest
import torch

from engine.catalog.catalog import BUILT_IN
from engine.catalog.methods import METHODS
from engine.encoder.loading import shape_of
from engine.methods.model import Model
from engine.methods.propetl import Mask, either
from engine.training.parameter_counts import build

from ..conformance.released import TASKS, counted
from .helpers import RTE, attached, batch

COLA, MRPC = BUILT_IN.find_task("glue/cola"), BUILT_IN.find_task("glue/mrpc")
LABELS = torch.tensor([0, 1, 1, 0])


def optimizer_of(model: Model, learning_rate: float) -> torch.optim.Optimizer:
    return torch.optim.AdamW(model.parameter_groups(learning_rate, 0.1))


@pytest.mark.parametrize("keep", [0.3, 0.5, 1.0])
def test_a_mask_keeps_its_share_of_the_largest(keep: float) -> None:
    torch.manual_seed(0)
    mask = Mask(torch.zeros(48, 768), keep, 0.1)
    kept = mask().bool()
    assert set(mask().unique().tolist()) <= {0.0, 1.0}
    assert kept.sum().item() == kept.numel() - int((1 - keep) * kept.numel())
    if keep < 1:
        assert mask.scores[kept].abs().min() > mask.scores[~kept].abs().max()


def test_gradients_pass_straight_through_to_the_magnitude() -> None:
    mask = Mask(torch.zeros(4, 6), 0.5, 1.0)
    weight = torch.randn(4, 6)
    (mask() * weight).sum().backward()
    assert torch.equal(mask.scores.grad, weight * mask.scores.detach().sign())


def test_a_score_learns_only_where_the_other_mask_drops() -> None:
    mask, other = Mask(torch.zeros(5, 7), 0.3, 1.0), Mask(torch.zeros(5, 7), 0.3, 1.0)
    either(mask(), other()).sum().backward()
    assert torch.equal(mask.scores.grad != 0, other() == 0)


@pytest.mark.parametrize("method", ["propetl", "propetl-m"])
def test_training_changes_the_masks(method: str) -> None:
    """The released single-task code never trains the scores."""
    torch.manual_seed(0)
    model = attached(method).train()
    optimizer = optimizer_of(model, 0.05)
    layers = model.parts["adapter"].layer
    before = [layer.own.down().detach() for layer in layers]
    for _ in range(3):
        model.loss(batch(), LABELS, RTE.key)[0].backward()
        optimizer.step()
        optimizer.zero_grad()
    after = [layer.own.down().detach() for layer in layers]
    assert all(not torch.equal(*pair) for pair in zip(before, after, strict=True))
    assert all(earlier.sum() == later.sum() for earlier, later in zip(before, after, strict=True))


def test_scores_have_a_learning_rate_of_their_own() -> None:
    groups = attached("propetl").parameter_groups(1e-3, 0.1)
    scores = [group for group in groups if group["scale"] != 1]
    assert [group["scale"] for group in scores] == [5.0] and scores[0]["lr"] == pytest.approx(5e-3)
    assert len(scores[0]["params"]) == 6 and scores[0]["weight_decay"] == 0.1
    info = METHODS["propetl"]
    assert (info.defaults["learning_rate"], info.defaults["weight_decay"]) == (1e-3, 0.1)


def test_no_mask_of_a_layer_is_a_mask_of_a_task() -> None:
    """In the released code layer 0 has the last task's, so that all tasks train it."""
    model = attached("propetl-m", tasks=(RTE, COLA, MRPC)).train()
    adapter = model.parts["adapter"]
    scores = [p for name, p in adapter.named_parameters(remove_duplicate=False) if name.endswith("scores")]
    assert len({id(p) for p in scores}) == 2 * (3 + 3)
    model.loss(batch(), LABELS, RTE.key)[0].backward()
    assert all(p.grad is None for task in (COLA, MRPC) for p in adapter.tasks[task.key].parameters())
    assert all(p.grad is not None for p in adapter.tasks[RTE.key].parameters())
    shares = [layer.fold(RTE.key)[0].ne(0).float().mean().item() for layer in adapter.layer]
    assert all(0.4 < share < 0.62 for share in shares), shares


def test_evaluation_follows_the_task() -> None:
    model = attached("propetl-m", tasks=(RTE, COLA)).eval()
    with torch.inference_mode():
        heads = [model.heads[task.key] for task in (RTE, COLA)]
        heads[1].load_state_dict(heads[0].state_dict())
        first, second, again = (model(batch(), key) for key in (RTE.key, COLA.key, RTE.key))
    assert torch.equal(first, again) and not torch.allclose(first, second, rtol=1e-3)


def test_joint_counts_are_the_released_codes_without_pooler_and_alias() -> None:
    model = build(METHODS["propetl-m"], shape_of("roberta-base"), [BUILT_IN.find_task(f"glue/{name}") for name in TASKS])
    transfer = sum(tensor.numel() for tensor in model.transfer_tensors().values())
    total = sum(p.numel() for p in model.parameters() if p.requires_grad)
    assert transfer == 74_544 + (8 + 12) * 2 * 36_864
    assert total == transfer + 4_737_040
    theirs = counted("propetl_m")
    assert transfer == theirs["transfer_only"] + 2 * 36_864
    assert total == theirs["trainable_total"] - theirs["of_which_unused_pooler"] + 2 * 36_864
