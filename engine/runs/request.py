"""A user's request before names are resolved: flags, form fields and files all become one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, field_validator

from engine.catalog.defaults import DEFAULT_BACKBONE
from engine.catalog.method import Value


class Request(BaseModel):
    """Runs to train: every method on every target with every seed; a joint method learns all targets in one run."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    methods: tuple[str, ...]
    targets: tuple[str, ...] = ()
    """Without any, every task of ``benchmark``."""
    benchmark: str | None = None
    """Where names of targets are looked up; without it, in the first benchmark that has them."""
    sources: tuple[str, ...] | None = None
    """Of two-stage methods: tasks, or ids of adapter runs; by default every task of the target's benchmark."""
    backbone: str = DEFAULT_BACKBONE
    seeds: tuple[int, ...] = (0,)
    settings: dict[str, Value | tuple[Value, ...]] = {}
    """Hyper-parameters of the methods asked for; a run for each combination where some have several values. Source adapters
    keep the defaults."""
    epochs: int | None = None
    """Applies to the source adapters too."""
    limits: dict[str, int] = {}
    """Examples kept of ``train``, ``dev`` and ``test``; for the source adapters too."""
    shots: tuple[int, ...] = ()
    """Few-shot: number of training examples of the target, drawn by the seed; for its own source adapter too. Runs for each
    number; without any, runs on all examples."""
    data_dir: Path | None = None
    dev_only: bool = False
    """The runs only help to choose a setting: nothing is evaluated on test. Source adapters are as ever."""
    command: str = ""
    """The command line, kept with the runs."""

    @field_validator("shots", mode="before")
    @classmethod
    def _one_or_several(cls, shots: Any) -> Any:
        """Stored requests of 0.1 have one number, or none."""
        return () if shots is None else (shots,) if isinstance(shots, int) else shots
