"""Probing: curves over one scale with the result without an adapter, and maps over two."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from engine.errors import UserError
from engine.registry.store import Store
from engine.reports.figures.heat_map import limits
from tests.reports.figures.drawn import gather
from tests.reports.rows import complete, spec

RTE, CB, WIC = "superglue/rte", "superglue/cb", "superglue/wic"
SCALES = (1.0, 0.0, 0.3)


def value(omega: float, seed: int) -> float:
    return 0.5 + 0.1 * omega + 0.02 * seed * (1 + omega)


def probe(store: Store, source: str = CB, seeds: int = 3) -> None:
    adapter = complete(store, spec("adapter", source), 0.8)
    for omega in SCALES:
        for seed in range(seeds):
            complete(store, spec("probing", RTE, seed, [adapter], omega=omega), value(omega, seed))


def probe_pair(store: Store, scales: tuple[float, ...] = SCALES) -> None:
    cb, rte = (complete(store, spec("adapter", task), 0.8) for task in (CB, RTE))
    for first in scales:
        for second in scales:
            run = spec("probing-pair", RTE, 0, [cb, rte], omega_first=first, omega_second=second)
            complete(store, run, 0.5 + 0.1 * first + 0.2 * second)


def test_a_series_for_each_source_with_the_result_without_it(store: Store) -> None:
    probe(store)
    probe(store, WIC, seeds=1)
    figure = gather(store, "probing", f"target:{RTE}")
    assert {curve.name for curve in figure.series} == {"CB", "WiC"}
    (series,) = (curve for curve in figure.series if curve.name == "CB")
    assert [point.x for point in series.points] == [0.0, 0.3, 1.0]
    for point in series.points:
        seeds = 100 * np.array([value(point.x, seed) for seed in range(3)])
        low, high = stats.t.interval(0.95, 2, seeds.mean(), stats.sem(seeds))
        assert (point.y, point.low, point.high, point.n) == pytest.approx((seeds.mean(), low, high, 3))
    assert series.reference == pytest.approx(100 * np.mean([value(0.0, seed) for seed in range(3)]))
    assert "mean over 1 to 3 seeds" in figure.caption and "omega = 0" in figure.caption


def test_pairs_are_a_map_over_both_scales(store: Store) -> None:
    probe_pair(store)
    figure = gather(store, "probing", f"target:{RTE}")
    assert (figure.map.columns, figure.map.rows) == (("0", "0.3", "1"), ("1", "0.3", "0"))
    assert (figure.map.x, figure.map.y) == ("omega of CB", "omega of RTE")
    ordered = np.array(sorted(SCALES))
    assert np.allclose(figure.map.values, 100 * (0.5 + 0.1 * ordered[None, :] + 0.2 * ordered[::-1, None]))
    assert limits([figure.map]) == pytest.approx((50.0, 80.0))
    assert "80.0" in figure.text(80) and "mean over 1 seed." in figure.caption


def test_other_settings_are_series_of_their_own(store: Store) -> None:
    probe(store, seeds=1)
    complete(store, spec("probing", RTE, 0, [spec("adapter", CB)], omega=0.5, epochs=2), 0.9)
    figure = gather(store, "probing", f"target:{RTE}")
    assert {curve.name: len(curve.points) for curve in figure.series} == {"CB": 3, "CB (epochs=2 source epochs=default)": 1}


def test_single_adapters_come_first_and_terms_choose_pairs(store: Store) -> None:
    probe(store, WIC, seeds=1)
    probe_pair(store, (0.0, 1.0))
    assert hasattr(gather(store, "probing", f"target:{RTE}"), "series")
    assert hasattr(gather(store, "probing", "method:probing-pair"), "map")


def test_a_selection_without_probes_says_what_makes_some(store: Store) -> None:
    complete(store, spec("adapter", RTE), 0.7)
    with pytest.raises(UserError, match="scalearn reproduce probing"):
        gather(store, "probing")
