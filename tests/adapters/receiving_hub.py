"""A hub on this machine that takes what is sent to it: as much of the protocol as one commit of small files needs."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class ReceivingHub:
    """Models by name; who sends has to be ``token``, and may write in ``org`` only."""

    token: str = "hf_secret"
    org: str = "lab"
    private: dict[str, bool] = field(default_factory=dict)
    files: dict[str, dict[str, bytes]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    broken: bool = False
    """Whether commits fail."""
    address: str = ""

    def answer(self, method: str, path: str, body: bytes, token: str) -> tuple[int, dict[str, Any], str]:
        """Status, document and error code."""
        self.asked.append(f"{method} {path}")
        if token != self.token:
            return 401, {"error": "Invalid credentials"}, ""
        if path == "api/validate-yaml":
            return 200, {"errors": [], "warnings": []}, ""
        if path == "api/repos/create":
            return self.create(json.loads(body))
        repo, _, action = path.removeprefix("api/models/").partition("/preupload/" if "/preupload/" in path else "/commit/")
        if repo not in self.files:
            return 404, {"error": "Repository not found"}, "RepoNotFound"
        if "/preupload/" in path:
            asked = json.loads(body)["files"]
            return 200, {"files": [{"path": one["path"], "uploadMode": "regular", "shouldIgnore": False} for one in asked]}, ""
        if action:
            return self.commit(repo, body)
        return 200, {"id": repo, "private": self.private[repo], "siblings": [], "tags": []}, ""

    def create(self, wanted: dict[str, Any]) -> tuple[int, dict[str, Any], str]:
        repo = f"{wanted.get('organization')}/{wanted['name']}"
        if wanted.get("organization") != self.org:
            return 403, {"error": "You don't have the rights"}, ""
        if repo in self.files:
            return 409, {"error": "You already created this model repo", "url": f"{self.address}/{repo}"}, ""
        self.files[repo], self.private[repo] = {}, wanted.get("private") or wanted.get("visibility") == "private"
        return 200, {"url": f"{self.address}/{repo}"}, ""

    def commit(self, repo: str, body: bytes) -> tuple[int, dict[str, Any], str]:
        if self.broken:
            return 500, {"error": "Internal error"}, ""
        for line in map(json.loads, body.splitlines()):
            if line["key"] == "file":
                self.files[repo][line["value"]["path"]] = base64.b64decode(line["value"]["content"])
        return 200, {"commitUrl": f"{self.address}/{repo}/commit/{COMMIT}", "commitOid": COMMIT}, ""


@contextmanager
def receiving(hub: ReceivingHub) -> Iterator[ReceivingHub]:
    """The hub at work at ``hub.address`` during the block."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            token = self.headers.get("Authorization", "").removeprefix("Bearer ")
            status, document, code = hub.answer(self.command, unquote(urlsplit(self.path).path).strip("/"), body, token)
            content = json.dumps(document).encode()
            self.send_response(status)
            headers = {"Content-Type": "application/json", "Content-Length": str(len(content))}
            for name, value in (headers | ({"X-Error-Code": code} if code else {})).items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        do_GET = do_HEAD = do_POST

        def log_message(self, *_args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    hub.address = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
