"""What is taken where a request names nothing; apart from the catalog, of which help needs nothing else."""

DEFAULT_BACKBONE = "roberta-base"
DEFAULT_METHOD = "adapter"
"""Every transfer builds on its runs, and it needs no other run first."""
