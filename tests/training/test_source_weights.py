"""What a completed run says about its sources is what its checkpoint and model say, and is made anew where it is missing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from safetensors.numpy import load_file

from engine.data.batches import gather
from engine.encoder.packing import pack
from engine.files.home import Home
from engine.files.source_weights import SourceWeights, read_source_weights
from engine.inference.load import load_trained
from engine.inference.source_weights import main
from engine.methods.adapter_fusion import FusedSources
from engine.methods.adapter_soup import soup_weights
from engine.plans.planner import make_plan, submit
from engine.plugins.home_catalog import load_catalog
from engine.registry.records import Run, RunState
from engine.registry.store import Store, open_store
from engine.runs.request import Request
from engine.training.loop import Loop
from engine.training.metric_writer import MetricWriter
from engine.training.run_data import run_data
from engine.training.setup import prepare_run
from engine.training.source_weights import source_weights
from engine.training.termination import Stopped
from scalearn_tui.cli.app import main as command
from tests.training.runs import trained

SOURCES = ("toy/entailment", "toy/question")
TARGET = "toy/question"
DEV = 12


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return open_store(Home(tmp_path_factory.mktemp("weighed") / "home"))


def queue(store: Store, backbone: Path, method: str, **fields: Any) -> str:
    """The id of a tiny run that waits; its sources are trained once for all tests."""
    settings = {"batch_size": 8, "learning_rate": 1e-2, "precision": "float32", **fields.pop("settings", {})}
    request = Request(
        **{
            "methods": (method,),
            "targets": (TARGET,),
            "sources": SOURCES,
            "backbone": str(backbone),
            "settings": settings,
            "epochs": 1,
            "limits": {"train": 24, "dev": DEV, "test": 8},
            **fields,
        }
    )
    plan = make_plan(request, store, load_catalog(store.home))
    (run_id,) = submit(plan, store)
    for planned in plan.new:
        if planned.spec.run_id != run_id:
            trained(store, planned.spec.run_id)
    return run_id


def train(store: Store, backbone: Path, method: str, **fields: Any) -> Run:
    run_id = queue(store, backbone, method, **fields)
    return store.find(run_id) if store.find(run_id).state is RunState.COMPLETED else trained(store, run_id)


def train_an_epoch(store: Store, run_id: str) -> int:
    """As a worker that is stopped then; the number of the attempt."""
    attempt = store.claim(run_id, "local", "cpu")
    assert attempt is not None
    ready = prepare_run(store, store.started(run_id, attempt), attempt, load_catalog(store.home))
    with MetricWriter(store, run_id, attempt) as writer, pytest.raises(Stopped):
        loop = Loop(**ready.loop_arguments(), metric_writer=writer, should_stop=lambda: loop.state.epoch == 1)
        loop.run()
    return attempt


def kept(store: Store, run: Run) -> SourceWeights:
    weights = read_source_weights(store.home.source_weights(run.id), run.fingerprint, store.checkpoints(run.id)["best"].sha256)
    assert weights is not None and weights.sources == SOURCES
    return weights


def omegas(store: Store, run: Run) -> list[np.ndarray]:
    """``[T, width]`` of each layer, or of all, from the checkpoint's file."""
    tensors = load_file(store.home.checkpoint(run.id, "best"))
    return [tensors[name].astype(np.float64) for name in sorted(tensors) if name.endswith("omega")]


@pytest.mark.parametrize("method", ["scalearn", "scalearn++", "scalearn-uniform", "scalearn-softmax"])
def test_scales_are_those_of_the_checkpoint(method: str, store: Store, tiny_backbone: Path) -> None:
    run = train(store, tiny_backbone, method)
    weights = kept(store, run).weights
    layers = omegas(store, run)
    assert len(layers) == (1 if method == "scalearn++" else 2)
    if method == "scalearn-softmax":
        layers = [np.exp(omega) / np.exp(omega).sum(0) for omega in layers]
        assert np.allclose([sum(layer) for layer in weights.mean], 1)
    assert weights.kind == "scales"
    assert (weights.shared, weights.constraint) == (method == "scalearn++", "softmax" if "softmax" in method else "none")
    assert np.allclose(weights.mean, [omega.mean(1) for omega in layers], atol=1e-7)
    assert np.allclose(weights.std, [omega.std(1) for omega in layers], atol=1e-7)
    assert np.allclose(weights.min, [omega.min(1) for omega in layers], atol=1e-7)
    assert np.allclose(weights.max, [omega.max(1) for omega in layers], atol=1e-7)
    assert any(map(any, weights.std)) == (method != "scalearn-uniform")


def attention_of(layer: FusedSources, h: torch.Tensor, adapters: list[dict[str, torch.Tensor]]) -> torch.Tensor:
    """``[rows, T]`` as the paper writes it, source by source, from the sources' own tensors."""
    query, scores = layer.query(h), []
    for tensors in adapters:
        a = torch.relu(F.linear(h, tensors["down.weight"], tensors["down.bias"]))
        u = F.linear(a, tensors["up.weight"], tensors["up.bias"])
        scores.append((query * layer.key(u)).sum(-1))
    return torch.stack(scores, dim=-1).softmax(-1)


def test_attention_is_the_mean_over_what_the_model_computes_of_dev(store: Store, tiny_backbone: Path) -> None:
    run = train(store, tiny_backbone, "adapterfusion", settings={"learning_rate": 0.1})
    weights = kept(store, run).weights
    model = (loaded := load_trained(store, run, load_catalog(store.home))).model
    dev = run_data(store.home, loaded.spec, loaded.folder, loaded.config, {})[TARGET].splits["dev"]
    names = ("down.weight", "down.bias", "up.weight", "up.bias")
    computed: list[list[torch.Tensor]] = []
    for place, layer in enumerate(model.parts["transfer"].layer):
        tensors = [load_file(store.home.checkpoint(source.source_id, "best")) for source in store.sources(run.id)]
        of_layer = [{name: torch.from_numpy(of[f"adapter.layer.{place}.{name}"]) for name in names} for of in tensors]
        seen: list[torch.Tensor] = []
        computed.append(seen)
        layer.register_forward_pre_hook(
            lambda module, given, seen=seen, of_layer=of_layer: seen.append(attention_of(module, given[0], of_layer))
        )
    for example in range(len(dev)):
        batch = gather(dev, np.array([example]))
        with torch.inference_mode():
            model(pack(batch.tokens, batch.lengths, batch.segments, "cpu"), TARGET)
    expected = [torch.cat(seen).double() for seen in computed]
    assert weights.kind == "attention" and weights.examples == len(dev) == DEV
    # The head reads nothing but first tokens, so that the last layer computes nothing else.
    assert weights.rows == (int(dev.lengths.sum()), DEV) == tuple(map(len, expected))
    assert np.allclose(weights.mean, torch.stack([p.mean(0) for p in expected]), rtol=0, atol=1e-7)
    assert np.allclose([sum(layer) for layer in weights.mean], 1)
    assert abs(weights.mean[0][0] - 0.5) > 1e-5


def test_a_soup_and_a_probe_say_what_they_were_made_of(store: Store, tiny_backbone: Path) -> None:
    soup = train(
        store, tiny_backbone, "adaptersoup", settings={"similarity_model": "backbone", "similarity_texts": 20, "top_k": 1}
    )
    weights = kept(store, soup).weights
    similarities = list((soup.provenance or {})["similarities"].values())
    assert weights.kind == "soup" and list(weights.similarities) == similarities
    assert list(weights.weights) == soup_weights(similarities, 1)
    constants = {"omega_first": 0.25, "omega_second": -1.0}
    probe = kept(store, train(store, tiny_backbone, "probing-pair", settings=constants)).weights
    assert probe.kind == "constants" and probe.scales == (0.25, -1.0)


def test_scales_can_be_watched_while_they_are_learned(store: Store, tiny_backbone: Path) -> None:
    run_id = queue(store, tiny_backbone, "scalearn", epochs=3, seeds=(1,))
    attempt = train_an_epoch(store, run_id)

    def are_learned(run: Run) -> bool:
        return np.allclose(kept(store, run).weights.mean, [omega.mean(1) for omega in omegas(store, run)], atol=1e-7)

    assert are_learned(store.find(run_id))
    assert store.finish(run_id, attempt, RunState.STOPPED)
    store.requeue([run_id])
    assert are_learned(trained(store, run_id))


def test_attention_is_known_at_the_end(store: Store, tiny_backbone: Path) -> None:
    run_id = queue(store, tiny_backbone, "adapterfusion", epochs=2, seeds=(1,))
    train_an_epoch(store, run_id)
    assert store.checkpoints(run_id)["best"] and not store.home.source_weights(run_id).exists()


def test_there_are_none_of_a_method_without_sources(store: Store, tiny_backbone: Path) -> None:
    run = train(store, tiny_backbone, "adapter", sources=None)
    assert not store.home.source_weights(run.id).exists()


@pytest.mark.parametrize("method", ["scalearn", "adapterfusion"])
def test_what_is_missing_or_damaged_is_computed_from_the_checkpoint(
    method: str, store: Store, tiny_backbone: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = train(store, tiny_backbone, method)
    expected, path = kept(store, run), store.home.source_weights(run.id)
    for damage in (
        path.unlink,
        lambda: path.write_text("{"),
        lambda: path.write_text(path.read_text().replace(run.id, "0" * 10)),
    ):
        damage()
        assert read_source_weights(path, run.fingerprint, expected.checkpoint) is None
        assert main([run.id, "--home", str(store.home.root)]) == 0
        assert json.loads(capsys.readouterr().out) == {"run": run.id, "problem": None}
        assert kept(store, run) == expected


def test_the_command_reads_checkpoints_once(
    store: Store, tiny_backbone: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SCALEARN_HOME", str(store.home.root))
    run = train(store, tiny_backbone, "scalearn")
    store.home.source_weights(run.id).unlink()
    assert command(["figure", "scales", "method:scalearn"]) == 0
    first = capsys.readouterr()
    assert "reading the checkpoints of 1 run" in first.err
    assert command(["figure", "scales", "method:scalearn"]) == 0
    assert capsys.readouterr() == (first.out, "")


def test_a_lost_checkpoint_is_named_and_others_are_read(
    store: Store, tiny_backbone: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lost, other = (train(store, tiny_backbone, "scalearn-uniform++", seeds=(seed,)) for seed in (1, 2))
    store.home.checkpoint(lost.id, "best").unlink()
    assert main([lost.id, other.id, "--home", str(store.home.root)]) == 0
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert f"run {lost.id} has lost its file" in first["problem"] and second == {"run": other.id, "problem": None}


@pytest.mark.parametrize(
    "said",
    [
        {"kind": "recipe"},
        {"kind": "constants", "scales": [1.0]},
        {"kind": "constants", "scales": [1.0, float("nan")]},
    ],
)
def test_what_a_method_from_elsewhere_says_wrongly_is_left_out(
    said: dict[str, Any], store: Store, tiny_backbone: Path, caplog: pytest.LogCaptureFixture
) -> None:
    trained_run = load_trained(store, train(store, tiny_backbone, "scalearn"), load_catalog(store.home))
    trained_run.model.describe = lambda _: said
    spec, model, device = trained_run.spec, trained_run.model, trained_run.device
    assert source_weights(model, spec, "", "", pytest.fail, device) is None
    assert "the weights of the sources are not kept" in caplog.text
