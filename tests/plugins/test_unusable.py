"""What an installed package adds but cannot be used is one line, and everything else goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.catalog.catalog import BUILT_IN, Catalog
from engine.files.home import Home
from engine.own_benchmarks.stored import Stored, save
from engine.plugins.home_catalog import load_catalog
from engine.runs.spec import own_records
from tests.plugins.package import BENCHMARK, FILES, METHOD, POINTS, install, scalearn


def only_line(catalog: Catalog) -> str:
    (line,) = catalog.left_out
    return line


@pytest.mark.parametrize(
    ("method", "reason"),
    [
        ("import nowhere", "ModuleNotFoundError: No module named 'nowhere'"),
        ("raise SystemExit('no')", "SystemExit: no"),
        ("METHOD = print('hello')", "it is a NoneType, not an engine.catalog.method.MethodInfo"),
        (METHOD.replace('"tiny-method"', '"other"'), "it is called 'other'; give the entry point the same name"),
        (METHOD.replace("single-task", "best"), "its group 'best' is none of single-task, joint, two-stage, probing"),
        (METHOD.replace(":attach", ""), "its implementation 'tiny_pack.shift' is not of the form module:function"),
        (METHOD.replace("single-task", "two-stage"), "its source_method is None; of a two-stage method it must be one of"),
        (METHOD.replace("6e-3", "'fast'"), "learning_rate must be a number, not 'fast'"),
        (METHOD.replace('"learning_rate"', '"speed"'), "its defaults name 'speed', which is none of its settings"),
        (METHOD.replace('paper="none"', "aliases=['t'], paper=''"), "it holds more than plain data: lists must be tuples"),
        (METHOD.replace('paper="none"', "fixed={'run': print}, paper=''"), "it holds more than plain data ("),
    ],
)
def test_a_method(method: str, reason: str, site: Path, home: Home) -> None:
    install(site, files={**FILES, "method.py": method})
    catalog = load_catalog(home)
    assert only_line(catalog).startswith(f"the method tiny-method of tiny-pack 1.0 is left out: {reason}")
    assert "tiny" in catalog.benchmarks and "tiny-method" not in catalog.methods
    # Its repair is noticed, although no folder of packages changes.
    (site / "tiny_pack" / "method.py").write_text(METHOD)
    assert "tiny-method" in load_catalog(home).methods


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("(MOOD,)", "()", "it has no tasks"),
        ('"classification"', '"guessing"', "the kind 'guessing' of tiny/mood is none of classification"),
        ('"plain"', '"fancy"', "the template 'fancy' of tiny/mood is none of plain"),
        ('"accuracy"', '"rouge"', "the metrics of tiny/mood must be some of accuracy"),
        ('"tiny", "mood"', '"other", "mood"', "its task 'other/mood' must be tiny/NAME, in lower case"),
        ("(MOOD,))", "(MOOD,), offline=True)", "published results and generated rows are for built-in benchmarks"),
        ('labels=("bad", "good")', 'labels=["bad", "good"]', "it holds more than plain data: lists must be tuples"),
        ("sizes=(40, 10)", "sizes=(40, 10), config=FOLDER", "it holds more than plain data ("),
    ],
)
def test_a_benchmark(old: str, new: str, reason: str, site: Path, home: Home) -> None:
    install(site, files={**FILES, "benchmark.py": BENCHMARK.replace(old, new)})
    catalog = load_catalog(home)
    assert only_line(catalog).startswith(f"the benchmark tiny of tiny-pack 1.0 is left out: {reason}")
    assert "tiny" not in catalog.benchmarks and "tiny-method" in catalog.methods


def test_a_benchmark_of_built_in_tasks_shares_them(site: Path, home: Home) -> None:
    shared = 'BUILT_IN.tasks["glue/rte"], BUILT_IN.tasks["toy/topics"], MOOD'
    changed = "from engine.catalog.catalog import BUILT_IN\n" + BENCHMARK.replace("(MOOD,)", f"({shared})")
    install(site, files={**FILES, "benchmark.py": changed})
    catalog = load_catalog(home)
    assert catalog.left_out == () and catalog.benchmarks["tiny"].tasks[:2] == (
        catalog.tasks["glue/rte"],
        BUILT_IN.tasks["toy/topics"],
    )
    assert own_records(catalog.benchmarks["tiny"].tasks).keys() == {"tiny/mood"}


def test_a_package_that_ends_the_process(site: Path, home: Home) -> None:
    install(site, files={**FILES, "method.py": "import os; os._exit(3)"})
    line = only_line(load_catalog(home))
    assert line.startswith("nothing of tiny-pack 1.0 can be used: importing it ended the process with code 3")


def test_a_name_that_is_taken(site: Path, home: Home) -> None:
    install(site)
    tiny = load_catalog(home).benchmarks["tiny"]
    points = {"scalearn.methods": {"soup": "other_pack.method:METHOD"}, "scalearn.benchmarks": POINTS["scalearn.benchmarks"]}
    soup = METHOD.replace('"tiny-method"', '"soup"')
    install(site, points=points, files={"__init__.py": "", "method.py": soup}, name="other-pack")
    assert load_catalog(home).left_out == (
        "the method soup of other-pack 1.0 is left out: a built-in method has that name",
        "the benchmark tiny of tiny-pack 1.0 is left out: other-pack 1.0 has that name",
    )
    save(home.benchmarks, Stored(tiny, site / "tiny.toml", ""))
    catalog = load_catalog(home)
    assert [line.partition(": ")[2] for line in catalog.left_out] == [
        "a built-in method has that name",
        "a benchmark of your own has that name",
        "a benchmark of your own has that name",
    ]
    assert catalog.find_benchmark("tiny").tasks == tiny.tasks


def test_a_benchmark_of_your_own_needs_another_name(site: Path, home: Home, tmp_path: Path) -> None:
    install(site)
    (tmp_path / "a.csv").write_text(FILES["train.csv"])
    declaration = tmp_path / "tiny.toml"
    task = 'kind = "classification"\ntrain = "a.csv"\ntest = 0.2\ntext = "{review}"\n'
    declaration.write_text(f'name = "tiny"\n[tasks.mood]\n{task}')
    refused = scalearn("benchmarks", "add", str(declaration))
    assert refused.returncode == 2
    assert refused.stderr == "scalearn: the name 'tiny' is that of a tiny-pack 1.0 benchmark, tiny; choose another one\n"


def test_commands_say_it_on_stderr_and_doctor_lists_it(site: Path, home: Home) -> None:
    install(site, files={**FILES, "method.py": "import nowhere"})
    answer = scalearn("methods", "--json")
    assert answer.returncode == 0 and len(answer.stderr.splitlines()) == 1
    assert answer.stderr.startswith("scalearn: the method tiny-method of tiny-pack 1.0 is left out: ModuleNotFoundError")
    found = scalearn("doctor").stdout
    assert "tiny-pack 1.0: tiny\n" in found and "No module named 'nowhere'" in found
