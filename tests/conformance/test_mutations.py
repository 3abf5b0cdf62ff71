"""The reference numbers notice a mistake: each of these, made in a copy of the engine, fails a test on the subset."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]


@dataclass(frozen=True)
class Mutation:
    """``old`` stands once in the engine's ``file``; with ``new`` in its place the tests that ``selected`` picks must fail."""

    name: str
    file: str
    old: str
    new: str
    selected: str


MUTATIONS = (
    Mutation(
        "the residual around a bottleneck without the feed-forward output",
        "encoder/post_ln.py",
        "sites.bottleneck(self.norm(residual)) + residual",
        "sites.bottleneck(self.norm(residual)) + x",
        "test_outputs_and_gradients and roberta-adapter-",
    ),
    Mutation(
        "the last norm applied once",
        "encoder/post_ln.py",
        "sites.bottleneck(self.norm(residual))",
        "sites.bottleneck(residual)",
        "test_outputs_and_gradients and roberta-adapter-",
    ),
    Mutation(
        "the norms of a layer swapped",
        "encoder/post_ln.py",
        "x = self.attention_norm(o + wanted)",
        "x = self.norm(o + wanted)",
        "test_logits_loss_and_gradients and classification-stage1",
    ),
    Mutation(
        "another activation",
        "encoder/post_ln.py",
        "self.output(F.gelu(inner))",
        "self.output(F.relu(inner))",
        "test_logits_loss_and_gradients and classification-stage1",
    ),
    Mutation(
        "padding attended to",
        "encoder/attention.py",
        "group.real, dropout",
        "None, dropout",
        "test_logits_loss_and_gradients and classification-stage1",
    ),
    Mutation(
        "positions from the padding id itself",
        "encoder/config.py",
        "self.pad_token_id + 1 if",
        "self.pad_token_id if",
        "test_outputs_and_gradients and roberta-adapter-",
    ),
    Mutation(
        "sources in the opposite order",
        "methods/stacked_sources.py",
        "for source in sources]\n\n        self.register_buffer",
        "for source in reversed(sources)]\n\n        self.register_buffer",
        "test_outputs_and_gradients and roberta-scalearn-",
    ),
    Mutation(
        "scores of fusion divided by the root of d",
        "methods/adapter_fusion.py",
        "self.source_attention(self.scores(h, a, keys))",
        "self.source_attention(self.scores(h, a, keys) / h.shape[1] ** 0.5)",
        "test_outputs_and_gradients and adapter_fusion",
    ),
    Mutation(
        "dropout after the softmax over sources",
        "methods/adapter_fusion.py",
        "F.softmax(self.dropout(scores), dim=-1)",
        "self.dropout(F.softmax(scores, dim=-1))",
        "test_fusion_with_a_known_dropout_draw",
    ),
    Mutation(
        "the penalty as a sum over sources",
        "methods/scalearn.py",
        "(1 - p.mean(1)).square().mean()",
        "(1 - p.mean(1)).square().sum()",
        "test_the_penalty_on_omega",
    ),
    Mutation(
        "the smallest scores kept by a mask",
        "methods/propetl.py",
        "magnitude > magnitude.flatten()",
        "magnitude < magnitude.flatten()",
        "test_outputs_and_gradients and propetl-",
    ),
    Mutation(
        "parallel attention of the normed residual",
        "encoder/post_ln.py",
        "sites.beside_layer(hidden, packed, first_only)",
        "sites.beside_layer(self.norm(hidden), packed, first_only)",
        "test_outputs_and_gradients_of_every_task and pals-",
    ),
)


def conformance(folder: Path, selected: str) -> subprocess.CompletedProcess[str]:
    """The selected tests on the subset, with the engine in ``folder``."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "--noconftest"]
    command += ["-c", str(REPOSITORY / "pyproject.toml"), f"--rootdir={REPOSITORY}", "-k", f"({selected}) and subset"]
    command += [str(REPOSITORY / "tests" / "conformance" / f"test_{name}.py") for name in ("methods", "heads", "joint")]
    environment = {**os.environ, "PYTHONPATH": str(folder), "GOLDEN_DIR": str(folder / "absent"), "OMP_NUM_THREADS": "1"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copytree(REPOSITORY / "engine", tmp_path / "engine")
    return tmp_path


def test_there_are_enough_mutations() -> None:
    assert len({mutation.name for mutation in MUTATIONS}) == len(MUTATIONS) >= 10


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name.replace(" ", "-"))
def test_a_mistake_is_noticed(mutation: Mutation, copy: Path) -> None:
    file = copy / "engine" / mutation.file
    text = file.read_text()
    assert text.count(mutation.old) == 1, f"adapt this test: {mutation.file} must have {mutation.old!r} once"
    file.write_text(text.replace(mutation.old, mutation.new))
    run = conformance(copy, mutation.selected)
    assert run.returncode == pytest.ExitCode.TESTS_FAILED, run.stdout + run.stderr
    assert re.search(r"^E +AssertionError: deviations above", run.stdout, re.MULTILINE), run.stdout


def test_without_a_mistake_they_pass(copy: Path) -> None:
    run = conformance(copy, " or ".join(f"({selected})" for selected in dict.fromkeys(m.selected for m in MUTATIONS)))
    assert run.returncode == pytest.ExitCode.OK, run.stdout + run.stderr
