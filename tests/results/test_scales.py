"""What runs take of their sources is listed from the files beside their checkpoints."""

from __future__ import annotations

from engine import results
from engine.files.source_weights import SourceWeights, write_source_weights
from engine.registry.store import Store
from tests.results.conftest import ADAPTERS, TRANSFER

SOURCES = ("toy/question", "toy/claim")


def keep(store: Store, weights: dict) -> None:
    content = {"run": TRANSFER.fingerprint, "checkpoint": "0" * 64, "sources": SOURCES, "weights": weights}
    write_source_weights(store.home.source_weights(TRANSFER.run_id), SourceWeights.model_validate(content))


def listed(store: Store) -> list[tuple]:
    found = results.scales(home=store.home.root)
    return [(row.run, row.kind, row.source, row.layer, row.mean, row.std, row.max) for row in found]


def test_learned_scales_by_layer_and_source(filled: Store) -> None:
    mean, std = [[0.5, 1.5], [0.25, 1.0]], [[0.1, 0.2], [0.3, 0.4]]
    keep(filled, {"kind": "scales", "constraint": "none", "shared": False, "mean": mean, "std": std, "min": mean, "max": mean})
    assert listed(filled) == [
        (TRANSFER.run_id, "scales", source, layer + 1, mean[layer][place], std[layer][place], mean[layer][place])
        for layer in range(2)
        for place, source in enumerate(SOURCES)
    ]


def test_weights_that_all_layers_share_have_no_layer(filled: Store) -> None:
    keep(filled, {"kind": "soup", "weights": [0.3, 0.7], "similarities": [0.1, 0.2]})
    assert [row[1:5] for row in listed(filled)] == [("soup", SOURCES[0], None, 0.3), ("soup", SOURCES[1], None, 0.7)]
    assert list(results.scales(f"id:{ADAPTERS[0].run_id}", filled.home.root)) == []


def test_a_file_of_another_run_is_not_read(filled: Store) -> None:
    keep(filled, {"kind": "constants", "scales": [1.0, 0.5]})
    path = filled.home.source_weights(TRANSFER.run_id)
    path.write_text(path.read_text().replace(TRANSFER.fingerprint, "f" * 64))
    assert listed(filled) == []
    path.unlink()
