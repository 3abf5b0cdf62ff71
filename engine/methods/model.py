"""What every method returns: an encoder, the tasks' heads and the method's own parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn

from engine.catalog.task import TaskInfo
from engine.encoder.encoder import Encoder
from engine.encoder.heads import Head, loss, own_head
from engine.encoder.loading import hub_state, load_hub_state
from engine.encoder.packing import Packed
from engine.encoder.sites import PLAIN, Sites
from engine.errors import UserError

Describe = Callable[[Callable[[], int]], dict[str, Any]]
"""Makes one of the kinds of ``engine.files.source_weights.Weights``, as JSON. The function that it is given passes examples of
dev through the model, in evaluation mode, and returns their number."""


@dataclass(frozen=True)
class SourceAdapter:
    """A trained stage-1 adapter, with the tensor names of its checkpoint: ``adapter.layer.{i}.{down,up}.{weight,bias}``."""

    task: str
    tensors: Mapping[str, Tensor]
    similarity: float | None = None
    """Of its training texts to the target's; None unless the method needs it."""


def frozen(encoder: Encoder) -> Encoder:
    """The encoder with nothing trainable. Every ``attach`` starts here; several models may share the result."""
    return encoder.requires_grad_(False)


class Model(nn.Module):
    """An encoder with a method attached, and one head per task.

    Args:
        encoder: whether it is trainable is its parameters' ``requires_grad``.
        tasks: each gets a freshly initialised head.
        parts: the method's own modules by the name under which their parameters are saved (``adapter``, ``transfer``).
        sites: where the method acts; if parameters differ between tasks, a function of the task's key, called for each
            forward pass.
        penalty: added to the training loss.
        rates: learning rates as multiples of the run's, by the last part of the parameters' names.
        head: makes a task's head.
        describe: how much of each source adapter the model uses; None for a method that does not weigh sources.
    """

    def __init__(
        self,
        encoder: Encoder,
        tasks: Sequence[TaskInfo],
        parts: Mapping[str, nn.Module] | None = None,
        sites: Sites | Callable[[str], Sites] = PLAIN,
        *,
        penalty: Callable[[], Tensor] | None = None,
        rates: Mapping[str, float] | None = None,
        head: Callable[[TaskInfo, Encoder], Head] = own_head,
        describe: Describe | None = None,
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.heads = nn.ModuleDict({task.key: head(task, encoder) for task in tasks})
        self.parts = nn.ModuleDict(parts or {})
        self.sites = sites
        self.penalty = penalty
        self.rates = rates or {}
        self.describe = describe

    def forward(self, packed: Packed, task: str) -> Tensor:
        """Logits ``[examples, outputs]``, or ``[examples, options]`` of a choice; ``task`` is a key such as ``glue/rte``."""
        return self.heads[task](self.encode(packed, task))

    def encode(self, packed: Packed, task: str, first_only: bool = True) -> Tensor:
        """Last hidden states with the method at its sites: of first tokens ``[B, d]``, or of all ``[N, d]``."""
        sites = self.sites(task) if callable(self.sites) else self.sites
        return self.encoder(packed, sites, first_only)

    def loss(self, packed: Packed, labels: Tensor, task: str) -> tuple[Tensor, Tensor]:
        """The scalar to minimise, in training with the method's penalty, and the logits."""
        logits = self(packed, task)
        value = loss(cast(Head, self.heads[task]).kind, logits, labels)
        if self.training and self.penalty is not None:
            value = value + self.penalty()
        return value, logits

    def parameter_groups(self, learning_rate: float, weight_decay: float) -> list[dict[str, Any]]:
        """Trainable parameters for an optimiser; biases and LayerNorm weights are exempt from decay.

        Where ``rates`` says so, a group has a ``scale``: its learning rate as a multiple of the run's.
        """
        exempt = {id(module.weight) for module in self.modules() if isinstance(module, nn.LayerNorm)}
        groups: dict[tuple[float, float], list[nn.Parameter]] = {}
        for name, parameter in self.named_parameters():
            if parameter.requires_grad:
                decay = 0.0 if name.endswith("bias") or id(parameter) in exempt else weight_decay
                scale = self.rates.get(name.rpartition(".")[2], 1.0)
                groups.setdefault((scale, decay), []).append(parameter)
        return [
            {"params": params, "lr": learning_rate * scale, "weight_decay": decay, "scale": scale}
            for (scale, decay), params in groups.items()
        ]

    def transfer_tensors(self) -> dict[str, Tensor]:
        """Trained parameters except the heads, by stable names; a trained backbone's names are those of the hub.

        A backbone trained with its pooler is shared by the tasks and not counted as the method's (Stickland & Murray 2019).
        """
        tensors = {name: parameter.detach() for name, parameter in self._own() if parameter.requires_grad}
        return tensors | ({} if self._trains_pooler() else self._backbone())

    def trainable_state(self) -> dict[str, Tensor]:
        """All trained parameters, not copied. Heads are ``heads.{task}.{dense,out_proj}.{weight,bias}``; those on the pooler
        have ``out_proj`` alone."""
        heads = {name: parameter.detach() for name, parameter in self._head_parameters()}
        return self.transfer_tensors() | self._backbone() | heads

    @torch.no_grad()
    def load_trainable(self, tensors: Mapping[str, Tensor]) -> None:
        """Load the tensors of ``trainable_state``.

        Raises:
            UserError: names or shapes are not exactly those of this model.
        """
        expected = self.trainable_state()
        differing = sorted(expected.keys() ^ tensors.keys()) or sorted(
            n for n in expected if expected[n].shape != tensors[n].shape
        )
        if differing:
            raise UserError(f"the saved parameters belong to another method, backbone or task ({differing[0]} differs)")
        for name, parameter in (*self._own(), *self._head_parameters()):
            if parameter.requires_grad:
                parameter.copy_(tensors[name])
        if self._trains_encoder():
            backbone = {name.removeprefix("backbone."): t for name, t in tensors.items() if name.startswith("backbone.")}
            load_hub_state(self.encoder, hub_state(self.encoder) | backbone)

    def _backbone(self) -> dict[str, Tensor]:
        """A trained backbone, with the pooler if that is trained too."""
        if not self._trains_encoder():
            return {}
        state, with_pooler = hub_state(self.encoder).items(), self._trains_pooler()
        return {f"backbone.{name}": tensor for name, tensor in state if with_pooler or "pooler" not in name}

    def _trains_encoder(self) -> bool:
        return any(parameter.requires_grad for parameter in self.encoder.parameters())

    def _trains_pooler(self) -> bool:
        return self.encoder.pooler is not None and self.encoder.pooler.weight.requires_grad

    def _own(self) -> Iterator[tuple[str, nn.Parameter]]:
        return self.parts.named_parameters()

    def _head_parameters(self) -> Iterator[tuple[str, nn.Parameter]]:
        return self.heads.named_parameters(prefix="heads")
