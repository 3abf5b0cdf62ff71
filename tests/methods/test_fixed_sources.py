"""AdapterSoup and probing: what stays fixed, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from engine.errors import UserError
from engine.methods.adapter_soup import soup_weights

from .helpers import attached, source_adapters
from .states import plain_states, single_adapter_states, states


def test_the_soup_keeps_the_most_similar_and_weighs_them_by_similarity() -> None:
    assert soup_weights([0.1, 0.6, 0.2, 0.5], 2) == pytest.approx([0, 6 / 11, 0, 5 / 11])
    assert soup_weights([0.3], 5) == [1.0]
    assert soup_weights([-0.5, 0.4, -0.1], 3) == [0.0, 1.0, 0.0]
    with pytest.raises(UserError, match="no source's texts resemble"):
        soup_weights([-0.5, 0.0], 2)


def test_a_soup_of_one_is_that_sources_adapter() -> None:
    sources = source_adapters()
    sources = [replace(source, similarity=0.1 + (i == 1)) for i, source in enumerate(sources)]
    torch.testing.assert_close(states(attached("adaptersoup", sources=sources, top_k=1)), single_adapter_states(sources[1]))


def test_the_soup_averages_parameters() -> None:
    sources = [replace(source, similarity=weight) for source, weight in zip(source_adapters(2), (0.75, 0.25), strict=True)]
    mixed = {name: 0.75 * sources[0].tensors[name] + 0.25 * sources[1].tensors[name] for name in sources[0].tensors}
    expected = single_adapter_states(replace(sources[0], tensors=mixed))
    torch.testing.assert_close(states(attached("adaptersoup", sources=sources)), expected)


def test_a_soup_without_similarities_is_refused() -> None:
    with pytest.raises(ValueError, match="similarity"):
        attached("adaptersoup", sources=[replace(source, similarity=None) for source in source_adapters()])


def test_probes_with_known_answers() -> None:
    sources = source_adapters(2)
    torch.testing.assert_close(states(attached("probing", omega=0.0)), plain_states())
    torch.testing.assert_close(states(attached("probing", sources=sources[:1], omega=1.0)), single_adapter_states(sources[0]))
    pair = attached("probing-pair", sources=sources, omega_first=0.0, omega_second=1.0)
    torch.testing.assert_close(states(pair), single_adapter_states(sources[1]))


@pytest.mark.parametrize(("method", "count"), [("probing", 1), ("probing-pair", 2)])
def test_probes_take_their_number_of_sources(method: str, count: int) -> None:
    for wrong in {0, 1, 2, 3} - {count}:
        with pytest.raises(UserError, match=rf"needs {count} source adapter\(s\), not {wrong}"):
            attached(method, sources=source_adapters(wrong))
