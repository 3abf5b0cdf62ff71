"""Which runs need the same memory, so that what one was measured to need is known of the others."""

from __future__ import annotations

from engine.runs.spec import RunSpec, digest

NO_MATTER = frozenset(
    {"learning_rate", "epochs", "patience", "weight_decay", "warmup", "max_grad_norm", "select_by", "sampling", "temperature",
     "steps_per_epoch", "similarity_texts", "omega", "omega_first", "omega_second", "omega_penalty", "value_penalty", "alpha"}
)  # fmt: skip
"""Settings that change numbers, but not the size of anything."""


def memory_kind(spec: RunSpec) -> str:
    """Equal for runs that differ at most in seed, which sources they read, and settings that do not matter.

    Targets, limits and shots make a difference, because the longest of the texts do.
    """
    settings = {name: value for name, value in spec.hyperparameters.items() if name not in NO_MATTER}
    method = (spec.method, spec.distribution, len(spec.sources))
    texts = (spec.targets, dict(sorted(spec.limits.items())), spec.shots)
    return digest([*method, spec.backbone_revision, *texts, dict(sorted(settings.items()))])[:16]
