"""Workers get the GPU of their slot and no other; what starts and shows them never touches one."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import torch

from engine.files.home import Home
from engine.launch.devices import find_slots
from engine.registry.store import Store
from scalearn_tui.children import child
from scalearn_tui.cli.app import main
from scalearn_tui.cli.exits import ExitCode
from tests.cli.test_imports import loaded
from tests.gpu.card import slot
from tests.launch.workers import handle, over, until, worker_pid

MEMORY = "/dev/nvidia-uvm"
"""Open in every process that has a CUDA context; what lists GPUs opens the card alone."""


@pytest.fixture
def ends(home: Home) -> Iterator[None]:
    """No process of this home outlives the test."""
    yield
    for process in psutil.process_iter(["cmdline"]):
        if any(str(home.root) in word for word in process.info["cmdline"] or []):
            process.kill()


def has_context(pid: int) -> bool:
    return any(str(file.readlink()).startswith(MEMORY) for file in Path(f"/proc/{pid}/fd").iterdir() if file.is_symlink())


def test_a_child_sees_one_device_by_its_identifier() -> None:
    probe = "import torch; print(torch.cuda.device_count(), torch.cuda.get_device_properties(0).uuid)"
    command, env = [sys.executable, "-c", probe], {**os.environ, **slot().env}
    seen = subprocess.run(command, capture_output=True, text=True, env=env, timeout=120, check=True).stdout.split()
    assert seen == ["1", slot().name.removeprefix("GPU-")]


def test_the_check_of_a_gpu() -> None:
    answer = child.document("engine.training.check_gpu", slot().name)
    assert answer == {"device": torch.cuda.get_device_name(), "precision": "bfloat16"}
    assert torch.cuda.get_device_name() in slot().label


@pytest.mark.parametrize("command", ["ls", "doctor"])
def test_commands_load_no_torch(command: str, home: Home) -> None:
    assert "torch" not in loaded(command)


def test_doctor_names_the_gpu(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) in (ExitCode.OK, ExitCode.FAILURE)  # Another check may fail: the program need not be installed.
    (line,) = (line for line in capsys.readouterr().out.splitlines() if "devices" in line)
    assert slot().label in line and "✓" in line


def test_the_first_number_is_the_card(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = slot().name
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    monkeypatch.setenv("CUDA_DEVICE_ORDER", "PCI_BUS_ID")
    assert [one.name for one in find_slots()] == [expected]


def test_a_gpu_that_is_not_there_is_refused_and_not_replaced_by_the_cpu(
    tiny_backbone: Path, home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "GPU-ffff")
    assert main(["run", "-m", "adapter", "-t", "toy/sentiment", "-b", str(tiny_backbone), "--detach"]) == ExitCode.USAGE
    assert "CUDA_VISIBLE_DEVICES=GPU-ffff does not name one of this machine's GPUs" in capsys.readouterr().err
    assert main(["ls"]) == ExitCode.OK
    answer = capsys.readouterr()
    assert "queued" in answer.out and "GPU-ffff" in answer.err
    assert main(["doctor"]) == ExitCode.FAILURE
    assert "GPU-ffff" in capsys.readouterr().out


@pytest.mark.usefixtures("ends")
def test_a_run_is_on_the_gpu_and_its_supervisor_is_not(store: Store, tiny_backbone: Path) -> None:
    request = ["run", "-m", "adapter", "-t", "toy/sentiment", "-b", str(tiny_backbone), "--epochs", "500", "--detach"]
    assert main([*request, "--set", "patience=500"]) == ExitCode.OK
    run_id = store.find("@1").id
    until(lambda: store.find(run_id).step or store.find(run_id).state.over, seconds=90)
    run = store.find(run_id)
    assert not run.state.over, run.cause
    supervisors = [
        process.pid
        for process in psutil.process_iter(["cmdline"])
        if {"engine.launch.supervisor", str(store.home.root)} <= set(process.info["cmdline"] or [])
    ]
    assert supervisors and not any(map(has_context, supervisors))
    # What workers are forked from must have none: forks of it could not use the card.
    above = psutil.Process(int(str(handle(run)["pid"])))
    assert above.ppid() not in (1, *supervisors) and not has_context(above.ppid()) and not has_context(above.pid)
    assert has_context(worker_pid(run))

    assert main(["stop", run_id]) == ExitCode.OK
    until(over(store, run_id), seconds=30)
    assert (store.find(run_id).provenance or {})["device"] == torch.cuda.get_device_name()
    assert (store.find(run_id).provenance or {})["precision"] == "bfloat16"
    assert main(["resume", run_id]) == ExitCode.OK
    until(lambda: store.find(run_id).attempt == 2 and store.find(run_id).step > run.step, seconds=90)
    assert main(["stop", run_id]) == ExitCode.OK
    until(over(store, run_id), seconds=30)
