"""Checkpoint files are whole or absent, and anything else is refused in one line."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from engine.errors import UserError
from engine.training.checkpoints import Saved, load_checkpoint, save_checkpoint

WRITER = """
import sys, torch
from pathlib import Path
from engine.training.checkpoints import save_checkpoint
step = 0
while True:
    step += 1
    save_checkpoint(Path(sys.argv[1]), {"x": torch.full((200_000,), float(step))}, {"step": step})
    print(step, flush=True)
"""


def test_round_trip_keeps_tensors_and_card(tmp_path: Path) -> None:
    tensors = {"transfer.omega": torch.randn(3, 4), "step": torch.tensor(2.0)}
    saved = save_checkpoint(tmp_path / "best.safetensors", tensors, {"task": "glue/rte", "labels": ["é", "b"]})
    loaded, card = load_checkpoint(tmp_path / "best.safetensors", saved.sha256)
    assert card == {"task": "glue/rte", "labels": ["é", "b"]}
    assert all(torch.equal(loaded[name], tensor) for name, tensor in tensors.items())
    assert saved.bytes == (tmp_path / "best.safetensors").stat().st_size
    assert [path.name for path in tmp_path.iterdir()] == ["best.safetensors"]


def test_missing_changed_and_malformed_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "best.safetensors"
    with pytest.raises(UserError, match="is missing"):
        load_checkpoint(path)
    saved = save_checkpoint(path, {"x": torch.zeros(2)}, {})
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(UserError, match="not the file that was recorded"):
        load_checkpoint(path, saved.sha256)
    with pytest.raises(UserError, match="malformed"):
        load_checkpoint(path)


def test_a_refused_file_does_not_take_its_place(tmp_path: Path) -> None:
    path = tmp_path / "best.safetensors"
    recorded: list[Saved] = []
    saved = save_checkpoint(path, {"x": torch.zeros(2)}, {}, recorded.append)
    assert recorded == [saved]

    def refuse(_: Saved) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        save_checkpoint(path, {"x": torch.ones(2)}, {}, refuse)
    assert not load_checkpoint(path, saved.sha256)[0]["x"].any()
    assert [left.name for left in tmp_path.iterdir()] == ["best.safetensors"]


def test_a_writer_killed_at_any_moment_leaves_a_whole_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "last.safetensors"
    for kill in range(3):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True)
        assert writer.stdout is not None
        acknowledged = int(writer.stdout.readline())
        time.sleep(0.01 + 0.007 * kill)
        os.kill(writer.pid, signal.SIGKILL)
        acknowledged = max([acknowledged, *(int(line) for line in writer.stdout.read().splitlines() if line)])
        writer.wait()
        tensors, card = load_checkpoint(path)
        assert card["step"] >= acknowledged
        assert (tensors["x"] == card["step"]).all()


@pytest.mark.parametrize("place", ["tensor", "card"])
def test_a_damaged_file_is_refused_without_the_registry(place: str, tmp_path: Path) -> None:
    """Flipped signs in a stopped run's last checkpoint changed its result by 6 points and nobody noticed."""
    path = tmp_path / "last.safetensors"
    save_checkpoint(path, {"x": torch.ones(4)}, {"progress": {"step": 123}})
    content = path.read_bytes()
    damaged = content[:-1] + bytes([content[-1] ^ 0x80]) if place == "tensor" else content.replace(b"123", b"124")
    assert damaged != content and len(damaged) == len(content)
    path.write_bytes(damaged)
    with pytest.raises(UserError, match=r"last\.safetensors is damaged; put back a copy"):
        load_checkpoint(path)


def test_a_file_of_an_earlier_version_has_no_digest(tmp_path: Path) -> None:
    save_file({"x": torch.ones(4)}, tmp_path / "last.safetensors", metadata={"card": '{"step": 1}'})
    assert load_checkpoint(tmp_path / "last.safetensors")[1] == {"step": 1}
