"""The clocks of one attempt: throughput, time left, and when a report or a checkpoint is due."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from engine.training.awake import awake_clock

REPORT_SECONDS = 0.5
CHECKPOINT_SECONDS = 60.0
"""Between checkpoints, at least."""
CHECKPOINT_SHARE = 0.03
"""Largest share of the time that may be spent on saving checkpoints."""


class Throughput:
    """Steps, samples, tokens and seconds of training since ``start``; rates exclude evaluation and saving. Times in seconds."""

    def __init__(self) -> None:
        self.clock = awake_clock()
        self.steps = self.samples = self.tokens = 0
        self.evaluations = 0
        self.evaluation_seconds = 0.0
        self.losses: list[tuple[int, Tensor]] = []
        self.saving_seconds = self.total_saving_seconds = 0.0
        self.start()

    def start(self) -> None:
        """Start all clocks."""
        self.began = self.lap_began = self.reported = self.saved = self.clock.now()

    def stepped(self, step: int, loss: Tensor, samples: int, tokens: int) -> None:
        """Count one step and keep its loss, a scalar that stays on its device."""
        self.steps += 1
        self.samples += samples
        self.tokens += tokens
        self.losses.append((step, loss))

    def take_losses(self) -> list[tuple[int, float]]:
        """Step and loss of all steps since the last call."""
        self.reported = self.clock.now()
        if not self.losses:
            return []
        steps, values = zip(*self.losses, strict=True)
        self.losses = []
        return list(zip(steps, torch.stack(values).float().tolist(), strict=True))

    @contextmanager
    def evaluating(self) -> Iterator[None]:
        """Measure an evaluation."""
        began = self.clock.now()
        yield
        self.evaluation_seconds += self.clock.now() - began
        self.evaluations += 1

    def report_due(self) -> bool:
        return self.clock.now() - self.reported >= REPORT_SECONDS

    def checkpoint_due(self, after_epoch: bool = False) -> bool:
        """Once a minute and after every epoch, but never so often that saving exceeds its share of the time."""
        wait = max(0.0 if after_epoch else CHECKPOINT_SECONDS, self.saving_seconds / CHECKPOINT_SHARE)
        return self.clock.now() - self.saved >= wait

    def checkpointed(self, seconds: float) -> None:
        """Count a checkpoint that took ``seconds`` to save."""
        self.saving_seconds = seconds
        self.total_saving_seconds += seconds
        self.saved = self.clock.now()

    def elapsed(self) -> float:
        """Seconds since the last lap."""
        return self.clock.now() - self.lap_began

    def lap(self) -> float:
        """Seconds since the last lap; starts the next one."""
        seconds = self.elapsed()
        self.lap_began = self.clock.now()
        return seconds

    def _training_seconds(self) -> float:
        return max(1e-9, self.clock.now() - self.began - self.evaluation_seconds - self.total_saving_seconds)

    def samples_per_second(self) -> float:
        return self.samples / self._training_seconds()

    def tokens_per_second(self) -> float:
        return self.tokens / self._training_seconds()

    def seconds_left(self, steps: int, epochs: int) -> float | None:
        """For so many steps and epochs at the present throughput, without early stopping; None before the first step."""
        if not self.steps:
            return None
        evaluation = self.evaluation_seconds / self.evaluations if self.evaluations else 0.0
        return steps * self._training_seconds() / self.steps + epochs * evaluation
