"""Curves of what a worker takes of its machine."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from engine.registry.store import Store
from engine.training import system_metrics
from engine.training.metric_writer import MetricWriter
from engine.training.system_metrics import Sampler, SystemMetrics
from tests.registry.rows import run


def test_a_sample_is_of_this_process_and_its_gpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gpu = {"uuid": "GPU-a", "name": "A", "memory": 24, "processes": [{"pid": 1, "memory": 6}], "utilization": 0.5, "watts": 210}
    (tmp_path / "gpus.json").write_text(json.dumps({"gpus": [gpu, {"uuid": "GPU-b", "name": "A", "memory": 24}]}))
    monkeypatch.setenv("SCALEARN_GPUS", str(tmp_path / "gpus.json"))
    for slot, expected in (
        ("GPU-a", {"gpu_memory": 6.0, "gpu": 50.0, "power": 210.0}),
        ("GPU-b", {"gpu_memory": 0.0}),
        ("GPU-c", {}),
        ("", {}),
    ):
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", slot)
        sampler, until = Sampler(), time.process_time() + 0.1
        while time.process_time() < until:
            pass
        found = sampler.sample()
        assert 5 < found.pop("cpu") < 800 and 0.01 < found.pop("memory") < 50
        assert found == expected


def test_a_worker_writes_them_beside_its_other_curves(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system_metrics, "SECONDS", 0.02)
    one = run(1)
    store.add([one], [])
    attempt = store.claim(one.id, "local", "cpu")
    assert attempt
    with MetricWriter(store, one.id, attempt) as writer, SystemMetrics(writer, seconds=100.0):
        time.sleep(0.3)
    points = store.metrics(one.id)
    assert {point.name for point in points} == {"system/cpu", "system/memory"}
    assert {point.step for point in points} <= {100, 101} and store.load(one.id)["memory"][0] > 0.01


def test_samples_cost_less_than_a_thousandth_of_a_core() -> None:
    sampler, rounds = Sampler(), 50
    began = time.thread_time()
    for _ in range(rounds):
        sampler.sample()
    assert (time.thread_time() - began) / rounds < system_metrics.SECONDS / 1000
