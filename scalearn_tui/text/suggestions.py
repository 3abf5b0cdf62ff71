"""Commands to start with; they work on any machine, without the model hub."""

FIRST_RUN = "scalearn run --method scalearn++ --target toy/claim --backbone minilm"
FIRST_ADAPTER = "scalearn run --method adapter --target toy/claim --backbone minilm"
FIRST_SWEEP = "scalearn sweep new paper.toml --method adapter --benchmark toy --backbone minilm"
