"""No import circle, whether an import stands at the top, in a function or under TYPE_CHECKING; no screen imports the app."""

from __future__ import annotations

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
DASHBOARD = "scalearn_tui.dashboard"


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(source: str, modules: set[str]) -> set[str]:
    """The modules of ours that a file imports anywhere; of ``from package import module`` the module."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                names.add(inner if inner in modules else str(node.module))
    return names & modules


@pytest.fixture(scope="module")
def graph() -> dict[str, set[str]]:
    files = {module_name(path): path for room in ("engine", "scalearn_tui") for path in (ROOT / room).rglob("*.py")}
    return {name: imported(path.read_text(), set(files)) for name, path in files.items()}


def test_no_import_circle(graph: dict[str, set[str]]) -> None:
    assert len(graph) > 100
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def test_no_screen_or_widget_imports_the_app(graph: dict[str, set[str]]) -> None:
    apps = {f"{DASHBOARD}.app", f"{DASHBOARD}.background", f"{DASHBOARD}.key_order"}
    inner = {name for name in graph if name.startswith((f"{DASHBOARD}.screens.", f"{DASHBOARD}.widgets."))}
    assert {name for name in graph if graph[name] & apps} == {f"{DASHBOARD}.{name}" for name in ("__main__", "app", "served")}
    assert len(inner) > 10 and inner <= graph.keys()


def test_imports_in_functions_and_for_types_count() -> None:
    source = "if TYPE_CHECKING:\n    from a import b\ndef f():\n    import a.c\nfrom a.d import Name"
    assert imported(source, {"a", "a.b", "a.c", "a.d"}) == {"a.b", "a.c", "a.d"}


def test_one_module_of_the_terminal_starts_processes() -> None:
    rooms = (ROOT / "scalearn_tui").rglob("*.py")
    starters = {module_name(path) for path in rooms if imported(path.read_text(), {"subprocess", "multiprocessing"})}
    # The pager is the user's program, not ours.
    assert starters == {"scalearn_tui.children.child", "scalearn_tui.dashboard.pager"}
