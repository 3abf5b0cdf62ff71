"""Several runs on one GPU, by the memory they need, and GPUs of other people, on GPUs that a file describes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from engine import gpu_driver
from engine.errors import UserError
from engine.files.config import read_config
from engine.files.disk import try_lock
from engine.gpu_driver import GIB, GpuProcess, driver
from engine.launch.admission import Resident, strangers
from engine.launch.devices import find_slots
from engine.launch.local import LocalExecutor
from engine.launch.queue import waiting
from engine.launch.supervisor import Supervisor
from engine.registry.records import RunState
from engine.registry.store import Store
from scalearn_tui.cli.app import main
from scalearn_tui.cli.exits import ExitCode
from tests.launch.workers import SLEEP, command, handle, over, until
from tests.registry.rows import run

OTHERS = 1
"""A process that is none of ours."""


class Machine:
    """Two GPUs of 24 GiB, a configuration, and a supervisor that follows both."""

    def __init__(self, store: Store, file: Path) -> None:
        self.store, self.file, self.number = store, file, 0
        self.use()
        self.configure(slots_per_gpu=2)
        self.supervisor = Supervisor(store, LocalExecutor(store.home), command(store), grace=0.2)

    def use(self, *processes: tuple[int, float], gpus: int = 1) -> None:
        """By pid and GiB, what computes on the first GPU."""
        used = [{"pid": pid, "memory": memory} for pid, memory in processes]
        entries = [{"uuid": f"GPU-{number}", "name": "Fake", "memory": 24} for number in range(gpus)]
        self.file.write_text(json.dumps({"gpus": [{**entries[0], "processes": used}, *entries[1:]]}))

    def configure(self, **values: object) -> None:
        self.store.home.config.write_text("".join(f"{key} = {json.dumps(value)}\n" for key, value in values.items()))

    def queue(self, kind: str, count: int = 1, gpus: str | None = None) -> list[str]:
        runs = [run(self.number + number, command=SLEEP, memory_kind=kind, gpus=gpus) for number in range(1, count + 1)]
        self.number += count
        ids = [run.id for run in runs]
        self.store.add(runs, [])
        return ids

    def measured(self, kind: str, gib: float) -> None:
        """A run of this kind is completed and took so much."""
        (run_id,) = self.queue(kind)
        attempt = self.store.claim(run_id, "local", "GPU 0 Fake")
        assert attempt
        self.store.finish(run_id, attempt, RunState.COMPLETED, peak_memory=int(gib * GIB))

    def started(self) -> dict[str, str | None]:
        """Runs that have a worker after one more look, and where."""
        self.supervisor.tick()
        live = self.store.runs(states=(RunState.STARTING, RunState.RUNNING))
        return {run.id: handle(run)["slot"] for run in sorted(live, key=lambda run: run.id)}  # type: ignore[misc]

    def why(self) -> list[str]:
        return [one.waits_for for one in waiting(self.store, {"local": LocalExecutor(self.store.home)})]

    def stop(self, *run_ids: str) -> None:
        self.store.request_stop(run_ids)
        until(over(self.store, *run_ids), self.supervisor)


@pytest.fixture
def machine(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    monkeypatch.setenv("SCALEARN_GPUS", str(tmp_path / "gpus.json"))
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    machine = Machine(store, tmp_path / "gpus.json")
    yield machine
    machine.stop(*(run.id for run in store.runs() if run.state.active))


def test_a_gpu_is_not_shared_before_each_has_a_worker(machine: Machine) -> None:
    machine.use(gpus=2)
    assert [slot.name for slot in find_slots(read_config(machine.store.home))] == ["GPU-0", "GPU-1", "GPU-0.1", "GPU-1.1"]


def test_a_kind_that_was_never_measured_has_a_gpu_of_its_own(machine: Machine) -> None:
    first, second = machine.queue("new", 2)
    assert list(machine.started()) == [first]
    assert machine.why() == ["GPU 0 to be empty: the memory of runs of its kind is not known yet"]
    machine.stop(first)
    assert list(machine.started()) == [second]
    # Nor does a known one start beside it.
    machine.measured("small", 2)
    machine.queue("small")
    assert list(machine.started()) == [second]
    assert machine.why() == [f"run {second} on GPU 0: the memory of runs of its kind is not known yet"]


def test_runs_share_a_gpu_as_far_as_what_they_will_need_fits(machine: Machine) -> None:
    """Also while none of it is taken yet: the driver's free memory is that of an empty GPU."""
    machine.measured("small", 6)
    machine.measured("large", 18)
    small, *others = machine.queue("small", 3)
    assert machine.started() == {small: "GPU-0", others[0]: "GPU-0.1"}
    assert machine.why() == ["a free device"]
    machine.stop(*others)
    (large,) = machine.queue("large")
    behind = machine.queue("small")
    assert list(machine.started()) == [small]
    # 24 less 6 and the GiB that stays free; nothing overtakes it.
    assert machine.why() == ["memory of GPU 0: it needs 18.0 GiB, 17.0 are free", "its turn"]
    machine.configure(slots_per_gpu=2, free_gpu_memory=0)
    assert list(machine.started()) == [small, large]
    machine.stop(small, large)
    assert list(machine.started()) == behind


def test_a_run_starts_on_an_empty_gpu_however_much_it_needs(machine: Machine) -> None:
    machine.measured("huge", 40)
    huge = machine.queue("huge")
    assert list(machine.started()) == huge


def test_memory_of_other_programs_counts_on_a_gpu_that_is_shared_with_them(machine: Machine) -> None:
    machine.measured("small", 6)
    machine.configure(slots_per_gpu=2, gpus=[0])
    machine.use((OTHERS, 12.5))
    first, second = machine.queue("small", 2)
    assert list(machine.started()) == [first]
    assert machine.why() == ["memory of GPU 0: it needs 6.0 GiB, 4.5 are free"]
    machine.use((OTHERS, 2))
    assert list(machine.started()) == [first, second]


def test_gpus_of_other_people_are_left_alone_unless_they_are_named(machine: Machine) -> None:
    machine.use((OTHERS, 1), gpus=2)
    machine.configure(slots_per_gpu=2, free_gpu_memory=2)
    first, second = machine.queue("new", 2)
    assert machine.started() == {first: "GPU-1"}
    unavailable = f"GPU 0, which process {OTHERS} of another program uses; name it with --gpus, or `gpus` in config.toml"
    assert machine.why() == [f"{unavailable}; GPU 1 to be empty: the memory of runs of its kind is not known yet"]
    machine.configure(gpus=[0])
    assert machine.started() == {first: "GPU-1", second: "GPU-0"}


def test_a_run_that_names_a_gpu_waits_for_it_and_lets_others_have_the_rest(machine: Machine) -> None:
    machine.use(gpus=2)
    machine.configure(slots_per_gpu=1)
    first = machine.queue("new", gpus="GPU-0")
    named = machine.queue("new", 2, gpus="GPU-0")
    anywhere = machine.queue("new", 2)
    assert machine.started() == {first[0]: "GPU-0", anywhere[0]: "GPU-1"}
    assert machine.why() == ["a free device", "its turn", "a free device"]
    machine.stop(*first)
    # It is kept for the one that waited longer.
    assert machine.started() == {named[0]: "GPU-0", anywhere[0]: "GPU-1"}
    machine.stop(*anywhere[:1])
    assert machine.started() == {named[0]: "GPU-0", anywhere[1]: "GPU-1"}


def test_a_run_that_names_a_gpu_has_it_beside_other_people(machine: Machine) -> None:
    machine.use((OTHERS, 1), gpus=2)
    (named,) = machine.queue("new", gpus="GPU-0")
    assert machine.started() == {named: "GPU-0"}


def test_a_gpu_that_runs_may_have_no_more_is_waited_for(machine: Machine) -> None:
    (named,) = machine.queue("new", gpus="GPU-1")
    assert machine.started() == {}
    assert machine.why() == ["its GPUs (GPU-1), which runs may not have by now"]
    machine.use(gpus=2)
    machine.configure(slots_per_gpu=1)
    assert machine.started() == {named: "GPU-1"}


def test_gpus_are_named_at_the_command_line(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    machine.use(gpus=2)
    ask = ["run", "-m", "adapter", "-t", "toy/question", "-b", "minilm", "--detach"]
    lock = try_lock(machine.store.home.supervisor_lock)
    assert main([*ask, "--gpus", "7"]) == ExitCode.USAGE
    assert "--gpus names 7, which is none of GPU 0 Fake, GPU 1 Fake" in capsys.readouterr().err
    assert main([*ask, "--gpus", "1,GPU-0"]) == ExitCode.OK
    assert [found.gpus for found in machine.store.runs()] == ["GPU-1,GPU-0"]
    assert main([*ask, "--gpus", "1"]) == ExitCode.OK
    assert [found.gpus for found in machine.store.runs()] == ["GPU-1"]
    assert lock is not None
    os.close(lock)


@pytest.mark.parametrize("values", [{"slots_per_gpu": "3"}, {"gpus": [7]}])
def test_with_a_mistake_in_the_configuration_nothing_is_queued(values: dict[str, object], machine: Machine) -> None:
    machine.configure(**values)
    assert main(["run", "-m", "adapter", "-t", "toy/question", "-b", "minilm", "--detach"]) == ExitCode.USAGE
    assert machine.store.count() == 0


def test_a_gpu_that_answers_nothing_leaves_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    class NVMLError(Exception):
        pass

    def handle_of(index: int) -> int:
        if index == 1:
            raise NVMLError("GPU is lost")
        return index

    bindings = SimpleNamespace(
        NVMLError=NVMLError,
        nvmlInit=lambda: None,
        nvmlDeviceGetCount=lambda: 3,
        nvmlDeviceGetHandleByIndex=handle_of,
        nvmlDeviceGetName=lambda device: "H100",
        nvmlDeviceGetUUID=lambda device: f"GPU-{device}",
        nvmlDeviceGetMigMode=lambda device: (0, 0),
        NVML_DEVICE_MIG_ENABLE=1,
    )
    monkeypatch.setitem(sys.modules, "pynvml", bindings)
    monkeypatch.delenv("SCALEARN_GPUS", raising=False)
    gpu_driver._nvml.cache_clear()
    assert [gpu.label for gpu in driver().gpus()] == ["GPU 0 H100", "GPU 2 H100"]
    gpu_driver._nvml.cache_clear()


def test_without_gpus_none_can_be_named(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    machine.file.write_text('{"gpus": []}')
    assert main(["run", "-m", "adapter", "-t", "toy/question", "-b", "minilm", "--gpus", "0"]) == ExitCode.USAGE
    assert "there is none here that runs may have" in capsys.readouterr().err


def test_the_processes_of_a_worker_are_none_of_other_people(machine: Machine) -> None:
    machine.measured("small", 6)
    first, second = machine.queue("small", 2)
    machine.configure(slots_per_gpu=1)
    machine.started()
    worker = int(str(handle(machine.store.find(first))["pid"]))
    children = Path(f"/proc/{worker}/task/{worker}/children")
    until(lambda: children.read_text().split())
    machine.use((int(children.read_text().split()[0]), 6))
    machine.configure(slots_per_gpu=2)
    assert list(machine.started()) == [first, second]


def test_numbers_that_mean_nothing_here_are_taken_for_workers_that_are_not_seen() -> None:
    child = subprocess.Popen(["true"])
    child.wait()
    hidden, here = GpuProcess(child.pid, None), GpuProcess(os.getpid(), None)
    worker = Resident("run", 2**22 - 1)
    assert strangers([hidden, here], [worker]) == [here]
    assert strangers([hidden, hidden], [worker]) == [hidden]
    assert strangers([hidden], []) == [hidden]
    # It is seen, so that the other one is nobody's.
    assert strangers([hidden, here], [Resident("run", os.getsid(0))]) == [hidden]


def test_a_mistake_in_the_configuration_changes_nothing_while_runs_go_on(
    machine: Machine, caplog: pytest.LogCaptureFixture
) -> None:
    executor = machine.supervisor.executor
    for text in ("slots_per_gpu = 0", "gpus = [7]", "gpus = []", "slots_per_gpu = "):
        machine.store.home.config.write_text(text)
        caplog.clear()
        place = executor.acquire(run(1), machine.store.peaks)
        assert not isinstance(place, str)
        place.release()
        assert "config.toml" in caplog.text and "the devices stay as they were" in caplog.text


@pytest.mark.parametrize(("named", "found"), [([1], ["GPU-1"]), (["GPU-1", 0, 1], ["GPU-1", "GPU-0"])])
def test_the_configuration_names_gpus(machine: Machine, named: list[object], found: list[str]) -> None:
    machine.use(gpus=3)
    machine.configure(gpus=named)
    assert [slot.name for slot in find_slots(read_config(machine.store.home))] == found


def test_the_configuration_names_no_gpu_that_the_environment_hides(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    machine.use(gpus=2)
    machine.configure(gpus=[1])
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    with pytest.raises(UserError, match="gpus names 1, which is none of GPU 0 Fake"):
        find_slots(read_config(machine.store.home))


@pytest.mark.parametrize("text", ["", "{}", '{"gpus": 3}', '{"gpus": [{"name": "A"}]}'])
def test_a_file_that_describes_no_gpus_is_refused(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gpus.json").write_text(text)
    monkeypatch.setenv("SCALEARN_GPUS", str(tmp_path / "gpus.json"))
    with pytest.raises(UserError, match="does not describe GPUs"):
        driver().gpus()
