"""Installed packages are looked for when something was installed, and never for help or completion."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.files.home import Home
from tests.plugins.package import FILES, METHOD, install, scalearn, uninstall

MARK = """
from pathlib import Path
Path(__file__).with_name("imported").open("a").write("x")
"""
COMPLETION = {"_SCALEARN_COMPLETE": "complete_bash", "COMP_CWORD": "3"}


@pytest.fixture(autouse=True)
def installed(site: Path, home: Home) -> None:
    """The package, which counts how often its method's module is imported."""
    install(site, files={**FILES, "method.py": METHOD + MARK})


def imports(site: Path) -> int:
    mark = site / "tiny_pack" / "imported"
    return len(mark.read_text()) if mark.exists() else 0


def completed(words: str) -> list[str]:
    return scalearn(COMP_WORDS=words, **COMPLETION).stdout.split()


def names() -> list[str]:
    answer = scalearn("methods", "--json")
    assert answer.returncode == 0 and answer.stderr == ""
    return [info["name"] for info in json.loads(answer.stdout)]


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"], ["--version"]], ids=" ".join)
def test_help_looks_for_nothing(arguments: list[str], site: Path, home: Home) -> None:
    answer = scalearn(*arguments, PYTHONPROFILEIMPORTTIME="1")
    assert answer.returncode == 0 and "engine.plugins" not in answer.stderr and "scalearn_tui.cli.app" in answer.stderr
    assert imports(site) == 0 and not home.root.exists()


def test_completion_knows_what_the_last_command_found(site: Path, home: Home) -> None:
    assert completed("scalearn run --method tin") == [] and not home.root.exists()
    home.make()
    assert "tiny-method" in names() and imports(site) == 1
    uninstall(site)
    assert completed("scalearn run --method tin") == ["tiny-method"]
    assert completed("scalearn run --benchmark tin") == ["tiny"]
    assert completed("scalearn run --target moo") == ["mood"]
    assert completed("scalearn run --set star") == ["start="]
    assert "tiny-method" not in names() and completed("scalearn run --method tin") == []


def test_modules_are_imported_again_only_after_a_change(site: Path, home: Home) -> None:
    home.make()
    assert [names()[-1], names()[-1]] == ["tiny-method"] * 2 and imports(site) == 1
    assert scalearn("ls").returncode == scalearn("data", "ls").returncode == 0 and imports(site) == 1
    module = site / "tiny_pack" / "method.py"
    module.write_text(module.read_text().replace("summary=", "aliases=('teeny',), summary="))
    assert '"teeny"' in scalearn("methods", "--json").stdout and imports(site) == 2
    install(site, "1.1")
    assert "tiny-pack 1.1" in scalearn("methods").stdout


def test_a_command_imports_nothing_of_a_package_into_its_own_process(site: Path) -> None:
    for _ in range(2):
        answer = scalearn("methods", PYTHONPROFILEIMPORTTIME="1")
        assert "tiny-method" in answer.stdout and "tiny_pack" not in answer.stderr


def test_a_home_that_cannot_be_written_or_a_damaged_file_changes_nothing(site: Path, home: Home, tmp_path: Path) -> None:
    home.make()
    (tmp_path / "file").write_text("")
    assert "tiny-method" in scalearn("methods", SCALEARN_HOME=str(tmp_path / "file")).stdout
    assert "tiny-method" in names()
    for damage in ("", "[]", '{"methods": 3}', home.plugins.read_text().replace('"name"', '"nam"')):
        home.plugins.write_text(damage)
        assert completed("scalearn run --method tin") == [] and "tiny-method" in names()
