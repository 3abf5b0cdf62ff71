"""All that can be named in a home: what is built in, what installed packages add, and the user's own benchmarks."""

from __future__ import annotations

from engine.catalog.catalog import BUILT_IN, Catalog, plain_name
from engine.catalog.method import MethodInfo
from engine.catalog.task import BenchmarkInfo
from engine.files.home import Home
from engine.own_benchmarks.stored import OwnBenchmarks, read_stored
from engine.plugins.installed import Installed, find_installed, last_found


def load_catalog(home: Home, look: bool = True) -> Catalog:
    """The catalog of ``home``; without ``look`` with what was installed when a catalog was loaded last."""
    installed = find_installed(home.plugins) if look else last_found(home.plugins)
    own = read_stored(home.benchmarks)
    return own.added_to(_with_installed(installed, own))


def _with_installed(installed: Installed, own: OwnBenchmarks) -> Catalog:
    """What is built in and what is installed, without entries whose name is taken."""
    left_out = list(installed.unusable)

    def refuse(entry: MethodInfo | BenchmarkInfo, kind: str, owner: str) -> None:
        left_out.append(f"the {kind} {entry.name} of {entry.distribution} is left out: {owner} has that name")

    methods: dict[str, MethodInfo] = {}
    for method in installed.methods:
        known = [info for info in (*BUILT_IN.methods.values(), *methods.values()) if method.name in info.spellings]
        if known:
            refuse(method, "method", known[0].distribution or "a built-in method")
        else:
            methods[method.name] = method
    benchmarks: dict[str, BenchmarkInfo] = {}
    owners = {plain_name(name): "a benchmark of your own" for name in own.names}
    owners |= {plain_name(name): "a built-in benchmark" for name in BUILT_IN.benchmarks}
    for benchmark in installed.benchmarks:
        if owner := owners.get(plain_name(benchmark.name)):
            refuse(benchmark, "benchmark", owner)
        else:
            benchmarks[benchmark.name] = benchmark
            owners[plain_name(benchmark.name)] = benchmark.distribution
    return BUILT_IN.with_installed(methods, benchmarks, left_out)
