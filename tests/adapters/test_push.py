"""``adapters export --push``: what is shown, sent and refused, with the real client and a hub on this machine."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.adapters.card import read_artefact
from engine.errors import UserError
from engine.registry.store import Store
from scalearn_tui.children import child
from scalearn_tui.cli.app import main
from scalearn_tui.cli.exits import ExitCode
from tests.adapters.receiving_hub import COMMIT, ReceivingHub, receiving
from tests.own_benchmarks.adding import Capture


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


EXPORT = ["adapters", "export", "@1"]


@pytest.fixture
def hub(trainer: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[ReceivingHub]:
    """A hub with a private and a public model, for commands in the home of ``trainer``."""
    with receiving(ReceivingHub()) as hub:
        for repo, private in (("lab/choice", True), ("lab/open", False)):
            hub.files[repo], hub.private[repo] = {}, private
        for name, value in (("HF_ENDPOINT", hub.address), ("HF_TOKEN", hub.token), ("HF_HOME", str(tmp_path / "hf"))):
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("SCALEARN_HOME", str(trainer.home.root))
        # Trainings forbid their process every request.
        monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
        yield hub


def test_what_would_be_sent_is_shown_and_sent_after_a_yes(
    hub: ReceivingHub, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", Terminal("n\n"))
    assert main([*EXPORT, str(tmp_path / "out"), "--push", "lab/choice", "--private"]) == ExitCode.OK
    said = capsys.readouterr().err
    (file,) = (tmp_path / "out").glob("*.safetensors")
    assert f"to {hub.address}/lab/choice (there already, private):" in said and "replaces the one there" in said
    assert f"  {file.name}  {file.stat().st_size:,} bytes\n" in said and "nothing was sent; `hf upload lab/choice " in said
    assert hub.files["lab/choice"] == {} and not [line for line in hub.asked if line.startswith("POST")]

    monkeypatch.setattr("sys.stdin", Terminal("y\n"))
    again = [*EXPORT, str(tmp_path / "again"), "--license", "cc-by-4.0", "--push", "lab/new", "--private"]
    assert main(again) == ExitCode.OK
    said = capsys.readouterr().err
    assert "(new, private)" in said and f"sent to {hub.address}/lab/new, commit {COMMIT}" in said
    sent = hub.files["lab/new"]
    assert hub.private["lab/new"] and sent == {path.name: path.read_bytes() for path in (tmp_path / "again").iterdir()}
    assert set(sent) == {file.name, "README.md"} and b"license: cc-by-4.0" in sent["README.md"]
    (tmp_path / "downloaded.safetensors").write_bytes(sent[file.name])
    read_artefact(tmp_path / "downloaded.safetensors")


def test_refusals_write_nothing_and_are_one_line(
    hub: ReceivingHub, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*options: str, **environment: str) -> str:
        with monkeypatch.context() as changed:
            for name, value in environment.items():
                changed.setenv(name, value)
            code = main([*EXPORT, str(tmp_path / "out"), *options])
        answer = capsys.readouterr()
        assert code in (ExitCode.USAGE, ExitCode.FAILURE) and len(answer.err.splitlines()) == 1 and not answer.out
        assert not (tmp_path / "out").exists()
        return answer.err

    push = ("--push", "lab/choice", "--yes")
    assert "HF_HUB_OFFLINE forbids" in refused(*push, HF_HUB_OFFLINE="1")
    assert "log in with `hf auth login`" in refused(*push, HF_TOKEN="")
    assert "does not know the token" in refused(*push, HF_TOKEN="hf_other")
    assert "cannot be reached" in refused(*push, HF_ENDPOINT="http://127.0.0.1:9")
    assert "ORG/NAME" in refused("--push", "choice", "--yes")
    assert "lab/open is there and public" in refused("--push", "lab/open", "--private", "--yes")
    assert "confirm with --yes" in refused("--push", "lab/choice")
    assert "are about --push" in refused("--private")


def test_a_failure_says_where_the_files_are(hub: ReceivingHub, tmp_path: Path, capsys: Capture) -> None:
    hub.broken = True
    assert main([*EXPORT, str(tmp_path / "out"), "--push", "lab/choice", "--yes"]) == ExitCode.FAILURE
    last = capsys.readouterr().err.splitlines()[-1]
    assert "nothing arrived at lab/choice" in last and "/out/README.md README.md` send it later" in last
    assert len(list((tmp_path / "out").iterdir())) == 2
    with pytest.raises(UserError, match=r"the hub refuses other/choice \(403\); log in as a user"):
        child.document("engine.adapters.push", "send", "--repo=other/choice", f"--file={__file__}", f"--card={__file__}")
