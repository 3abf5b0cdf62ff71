"""The card of an exported source adapter, and the checks that the file is what its card describes.

An exported adapter is one safetensors file: the adapter and its head, and in the header this card. The fingerprint is
recomputed from the task's definition in the card, so an adapter of a task that this catalog lacks is checked like any other.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import torch
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, FiniteFloat, ValidationError, field_validator
from safetensors import SafetensorError, safe_open
from torch import Tensor

from engine.catalog.architectures import ARCHITECTURES
from engine.catalog.backbones import BACKBONES
from engine.catalog.kinds import KINDS, is_plausible
from engine.catalog.methods import METHODS, SOURCE_METHODS
from engine.catalog.task import TaskInfo
from engine.encoder.config import EncoderConfig
from engine.encoder.loading import new_encoder
from engine.encoder.shapes_only import shapes_only
from engine.errors import UserError, complaint
from engine.methods.attach import attach
from engine.runs.spec import RunSpec, fingerprint_of
from engine.training.checkpoints import CARD, tensors_digest

FORMAT = "scalearn-adapter-1"
PORTABLE = "portable"
"""Key under which the checkpoint of an imported adapter keeps the card that came with it."""
PICKLES = {".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt"}
PICKLE_MAGIC = (b"PK\x03\x04", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")
"""A zip archive, which is how torch saves, and the protocols of bare pickles."""
REVISION = re.compile(r"[0-9a-f]{40}|sha256:[0-9a-f]{64}")
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""Control characters except tabs and line breaks, which patterns of texts may hold."""
KEY = re.compile(r"[\w.+-]+/[\w.+-]+")
Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
Count = Annotated[int, Field(ge=0, lt=2**53)]
Seconds = Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)]
Selected = Annotated[float, Field(ge=-1, le=1e6, allow_inf_nan=False)]
"""A metric or a loss."""
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=64)]
LONGEST_CARD, LONGEST_TEXT, LONGEST_KEY = 4_000_000, 20_000, 200
"""Characters of a card, of a text in it, and of a task's key."""
EXPORT_AGAIN = "have it exported again with `scalearn adapters export`"


def _known_architecture(name: str) -> str:
    if name not in ARCHITECTURES:
        raise ValueError(f"must be one of {', '.join(ARCHITECTURES)}")
    return name


def _in_range(results: dict[str, dict[str, dict[str, float]]]) -> dict[str, dict[str, dict[str, float]]]:
    for splits in results.values():
        for split, values in splits.items():
            for name, value in values.items():
                if not is_plausible(name, value):
                    raise ValueError(f"{name} on {split} is {value:g}, which no run can have")
    return results


class Shape(BaseModel):
    """The part of a backbone's configuration that an adapter must fit."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    architecture: Annotated[str, AfterValidator(_known_architecture)]
    layers: int = Field(ge=1, le=1000)
    hidden_size: int = Field(ge=1, le=65_536)


class TaskCard(BaseModel):
    """The part of a task's definition that is read here; the definition has more, all of it part of the fingerprint."""

    model_config = ConfigDict(frozen=True, extra="allow")
    key: str
    kind: str
    labels: tuple[str, ...]
    headline: str

    @field_validator("kind")
    @classmethod
    def _known(cls, kind: str) -> str:
        if kind not in KINDS:
            raise ValueError(f"must be one of {', '.join(KINDS)}")
        return kind

    def info(self) -> TaskInfo:
        """The task as far as head, loss and checkpoint need it."""
        benchmark, _, name = self.key.partition("/")
        return TaskInfo(benchmark, name, self.key, self.kind, "plain", (), (self.headline,), labels=self.labels)


class Training(BaseModel):
    """The course of the run: columns of the registry's table ``run``."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    seconds: Seconds
    epoch: Count
    epochs: Count
    step: Count
    steps: Count
    value: Selected | None
    best: Selected | None
    best_epoch: Count | None
    trainable: Count | None
    transfer: Count | None


class Provenance(BaseModel):
    """The parts that the leaderboard reads; others are shown unread."""

    model_config = ConfigDict(frozen=True, extra="allow")
    git_commit: str | None = None
    versions: dict[str, str] = {}


class AdapterCard(BaseModel):
    """All that the registry keeps of the run, without paths of this machine."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    format: str
    version: str
    """Of the program that wrote it."""
    fingerprint: Sha256
    spec: RunSpec
    task: dict[str, Any]
    """The target's definition: key, kind, labels, template and all else that the fingerprint covers."""
    backbone: Shape
    training: Training
    results: Annotated[dict[str, dict[Name, dict[Name, FiniteFloat]]], AfterValidator(_in_range)]
    """Task -> split -> metric -> value."""
    provenance: Provenance
    tensors_sha256: Sha256
    """``tensors_digest`` of the file's tensors."""


def read_artefact(path: Path) -> tuple[dict[str, Tensor], AdapterCard]:
    """Tensors and card of an exported adapter that passes all checks. Never unpickles.

    Raises UserError, one line that names the file.
    """
    try:
        _refuse_pickle(path)
        with safe_open(path, framework="pt") as file:
            card = _parsed((file.metadata() or {}).get(CARD))
            _check_card(card)
            names = list(file.keys())
            slices = {name: file.get_slice(name) for name in names}
            _check_tensors(card, {name: (part.get_dtype(), tuple(part.get_shape())) for name, part in slices.items()})
            tensors: dict[str, Tensor] = {name: file.get_tensor(name) for name in names}
        if tensors_digest(tensors) != card.tensors_sha256:
            raise UserError(f"its tensors are not those that were exported (sha256 differs); copy it again or {EXPORT_AGAIN}")
        if wrong := [name for name, tensor in tensors.items() if not torch.isfinite(tensor).all()]:
            raise UserError(f"{wrong[0]} holds values that are not finite; ask for an adapter whose training went well")
    except (OSError, SafetensorError) as error:
        raise UserError(f"{path}: it cannot be read as safetensors ({error}); copy it again, whole") from None
    except UserError as error:
        # The message quotes the file, which may hold control characters.
        raise UserError(f"{path}: {CONTROL.sub('?', ' '.join(str(error).split()))}") from None
    return tensors, card


def _refuse_pickle(path: Path) -> None:
    if path.is_dir():
        raise UserError("this is a folder; name the .safetensors file in it")
    if not path.is_file():
        what = "this is no regular file" if path.exists() else "there is no such file"
        raise UserError(f"{what}; name one that `scalearn adapters export` wrote")
    with path.open("rb") as file:
        begin = file.read(4)
    if path.suffix.lower() in PICKLES or begin.startswith(PICKLE_MAGIC):
        raise UserError(f"pickles are never opened, because reading one can run code; {EXPORT_AGAIN}")


def _parsed(text: str | None) -> AdapterCard:
    if text is not None and len(text) > LONGEST_CARD:
        raise UserError(f"its card has {len(text):,} characters; {EXPORT_AGAIN}")
    if text is None:
        raise UserError("it has no card, so it is no exported adapter; make one with `scalearn adapters export`")
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError):
        raise UserError(f"its card is not JSON; {EXPORT_AGAIN}") from None
    if not isinstance(fields, dict) or "format" not in fields or fields["format"] == 1:
        raise UserError("this is no exported adapter, perhaps a checkpoint; make one with `scalearn adapters export`")
    if fields["format"] != FORMAT:
        raise UserError(f"it has the format {str(fields['format'])[:40]!r}, this version reads {FORMAT!r}; update scalearn-tui")
    try:
        card = AdapterCard(**fields)
        TaskCard(**card.task)
        # Fails for what cannot be written again: a lone surrogate, or too many levels.
        card.model_dump_json()
    except ValueError as error:
        raise UserError(f"its card is malformed ({_first(error)}); {EXPORT_AGAIN}") from None
    return card


def _first(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{'.'.join(map(str, first['loc']))} {complaint(first)}"
    return str(error).partition("\n")[0]


def _check_card(card: AdapterCard) -> None:
    """Raises UserError unless the card describes, consistently, a source adapter of a backbone that this version can use."""
    spec, task = card.spec, TaskCard(**card.task)
    if spec.method not in SOURCE_METHODS or spec.distribution:
        raise UserError(f"{spec.method[:40]!r} is no source adapter; two-stage methods combine {' or '.join(SOURCE_METHODS)}")
    settings = METHODS[spec.method].hyperparameters()
    try:
        if set(settings) != set(spec.hyperparameters):
            raise UserError("the method has others")
        for name, value in spec.hyperparameters.items():
            parsed = settings[name].parse(name, value)
            if (type(parsed), parsed) != (type(value), value):
                raise UserError(f"{name} is of another type")
    except UserError as error:
        raise UserError(
            f"its settings are not those of this version ({error}); update scalearn-tui or {EXPORT_AGAIN}"
        ) from None
    if not (spec.targets == (task.key,) == tuple(spec.data) == tuple(card.results) and KEY.fullmatch(task.key)) or spec.sources:
        raise UserError(f"its card describes more than one task, or none; {EXPORT_AGAIN}")
    if fingerprint_of(spec, [card.task]) != card.fingerprint:
        raise UserError(f"its card was changed (the fingerprint differs); {EXPORT_AGAIN}")
    if ".." in task.key or len(task.key) > LONGEST_KEY:
        raise UserError(f"its task is called {task.key[:40]!r}; {EXPORT_AGAIN}")
    _check_backbone(spec, card.backbone)
    if any(len(text) > LONGEST_TEXT for text in _texts(card.model_dump(mode="json"))):
        raise UserError(f"its card has a text of more than {LONGEST_TEXT:,} characters; {EXPORT_AGAIN}")
    if any(CONTROL.search(text) for text in _texts(card.model_dump(mode="json"))) or not spec.backbone.isprintable():
        # They would reach the terminals on which runs are listed.
        raise UserError(f"its card holds control characters; {EXPORT_AGAIN}")


def _texts(value: Any) -> Iterator[str]:
    """All strings of a JSON value, keys included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


def _check_backbone(spec: RunSpec, shape: Shape) -> None:
    known = BACKBONES.get(spec.backbone)
    if known is not None:
        revision = known.revision or f"sha256:{known.sha256}"
        if spec.backbone_revision != revision:
            raise UserError(
                f"it was trained on {spec.backbone} at {spec.backbone_revision[:19]}, this version uses {revision[:19]}; "
                "train it again there with this version"
            )
        if (shape.architecture, shape.layers, shape.hidden_size) != (known.architecture, known.layers, known.hidden_size):
            raise UserError(f"its card does not describe {spec.backbone}; {EXPORT_AGAIN}")
    elif not REVISION.fullmatch(spec.backbone_revision):
        raise UserError(
            f"its backbone's revision {spec.backbone_revision[:40]!r} is neither a commit nor a sha256; {EXPORT_AGAIN}"
        )
    if spec.data_dir is not None or spec.own or spec.backbone_path not in (None, f"{spec.backbone}@{spec.backbone_revision}"):
        raise UserError(f"its card names a path of another machine; {EXPORT_AGAIN}")


def _check_tensors(card: AdapterCard, stored: dict[str, tuple[str, tuple[int, ...]]]) -> None:
    """Check names, types and shapes before any tensor is read: another file may be large. Raises UserError."""
    expected = {name: ("F32", shape) for name, shape in expected_shapes(card).items()}
    if stored != expected:
        name = min(name for name in expected.keys() | stored.keys() if expected.get(name) != stored.get(name))
        is_, must_be = (f"{of[0]} {list(of[1])}" if of else "absent" for of in (stored.get(name), expected.get(name)))
        raise UserError(f"its tensors do not fit its backbone ({name[:80]} is {is_}, must be {must_be}); {EXPORT_AGAIN}")


def expected_shapes(card: AdapterCard) -> dict[str, tuple[int, ...]]:
    """Names and shapes of the tensors in a checkpoint of the card's run. Raises UserError for impossible settings."""
    method, target, shape = METHODS[card.spec.method], TaskCard(**card.task).info(), card.backbone
    d = shape.hidden_size
    config = EncoderConfig(shape.architecture, 1, d, shape.layers, 1, d, 2, 1, 0)
    with shapes_only():
        model = attach(method, new_encoder(config), [target], [], card.spec.hyperparameters)
    return {name: tuple(tensor.shape) for name, tensor in model.trainable_state().items()}
