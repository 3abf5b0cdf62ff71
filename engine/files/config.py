"""What a user sets once for all runs: ``config.toml`` in the home."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from engine.errors import UserError, complaint, did_you_mean
from engine.files.bounded import read_toml
from engine.files.home import Home


class Config(BaseModel):
    """The values of the file; what it leaves out has its default."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    on_end: str | None = None
    """A shell command that ``scalearn wait`` runs when all it waited for has ended."""
    gpus: list[int | str] | None = Field(default=None, min_length=1)
    """The GPUs that runs may use, by number or identifier of ``nvidia-smi -L``, even where other processes use them; by default
    all that no other process uses."""
    slots_per_gpu: int = Field(default=1, ge=1, le=64)
    """Runs at once on one GPU, as far as its memory is known to suffice."""
    free_gpu_memory: float = Field(default=1.0, ge=0.0)
    """GiB that stay free on a GPU which several runs share."""
    keymap: Literal["default", "vim"] = "default"
    """Keys of the dashboard."""
    keys: dict[str, str] = {}
    """Other keys of the dashboard by the ids that its help has, as in ``"run.stop" = "X"``."""


DEFAULTS = Config()


def read_config(home: Home) -> Config:
    """The values that apply to ``home``; ``model_fields_set`` names those that the file gives.

    Raises UserError, in one line with the file and the key, for a file that is not a valid one.
    """
    if not home.config.exists():
        return DEFAULTS
    try:
        return Config(**read_toml(home.config))
    except ValidationError as error:
        violation = error.errors()[0]
        key = ".".join(str(part) for part in violation["loc"])
        if violation["type"] == "extra_forbidden":
            known = Config.model_fields
            mistake = f"unknown key {key}{did_you_mean(key, known)}; there are {', '.join(known)}"
        else:
            mistake = f"{key} {complaint(violation)}"
        raise UserError(f"{home.config}: {mistake}") from None
