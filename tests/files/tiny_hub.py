"""A hub of a few repositories on this machine: as much of the protocol as downloads need, and what goes wrong with hubs."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

SHA = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class Repository:
    """The files below ``folder`` at one commit; ``trouble`` is what happens to a request for one."""

    folder: Path
    sha: str = SHA
    trouble: str = ""
    """``gated``, ``private``, ``forbidden``, ``broken`` (500); of files ``damaged``, ``dies`` or ``stalls`` after a half."""
    history: dict[str, Path] = field(default_factory=dict)
    """The folders of earlier commits."""

    def at(self, revision: str) -> tuple[str, Path] | None:
        """The commit that a revision stands for, and its files."""
        if revision in ("main", self.sha):
            return self.sha, self.folder
        return (revision, self.history[revision]) if revision in self.history else None

    def move(self, sha: str, folder: Path) -> None:
        """Make a new commit the newest one."""
        self.history[self.sha] = self.folder
        self.sha, self.folder = sha, folder


@dataclass
class TinyHub:
    """``repositories`` by id, datasets as ``datasets/org/name``; ``asked`` are the requests as they come."""

    repositories: Mapping[str, Repository]
    port: int = 0
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        hub = self

        class Handler(_Handler):
            tiny = hub

        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def stop(self) -> None:
        """Also a second time."""
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    tiny: TinyHub

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path).strip("/")
        self.tiny.asked.append(f"{self.command} {path}")
        if path.startswith("api/"):
            repo, _, revision = path.removeprefix("api/").partition("/revision/")
            name = None
        else:
            repo, _, rest = path.partition("/resolve/")
            revision, _, name = rest.partition("/")
        repository = self.tiny.repositories.get(repo)
        found = repository and repository.at(revision or "main")
        if repository is None:
            self.answer(404, b"", {"X-Error-Code": "RepoNotFound"})
        elif repository.trouble == "gated":
            self.answer(403, b"", {"X-Error-Code": "GatedRepo"})
        elif repository.trouble in ("private", "forbidden", "broken"):
            self.answer({"private": 401, "forbidden": 403, "broken": 500}[repository.trouble], b"")
        elif not found:
            self.answer(404, b"", {"X-Error-Code": "RevisionNotFound"})
        elif name is None:
            self.describe(repo, *found)
        elif not (found[1] / name).is_file():
            self.answer(404, b"", {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": found[0]})
        else:
            content = (found[1] / name).read_bytes()
            about = {"ETag": f'"{hashlib.sha256(content).hexdigest()}"', "X-Repo-Commit": found[0]}
            self.answer(200, content, about, repository.trouble)

    do_HEAD = do_GET

    def describe(self, repo: str, sha: str, folder: Path) -> None:
        """The commit and its files, as the hub's interface tells them."""
        files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
        siblings = [{"rfilename": str(path.relative_to(folder)), "size": path.stat().st_size} for path in files]
        about = {"id": repo.removeprefix("datasets/"), "sha": sha, "siblings": siblings, "private": False, "tags": []}
        self.answer(200, json.dumps(about).encode(), {"Content-Type": "application/json"})

    def answer(self, code: int, content: bytes, headers: Mapping[str, str] | None = None, trouble: str = "") -> None:
        self.send_response(code)
        for name, value in {"Content-Length": str(len(content)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "GET":
            return
        if trouble == "damaged":
            content = b"?" * len(content)
        if trouble not in ("dies", "stalls"):
            self.wfile.write(content)
            return
        self.wfile.write(content[: len(content) // 2])
        self.wfile.flush()
        if trouble == "stalls":
            time.sleep(60)
        threading.Thread(target=self.tiny.stop).start()
        self.close_connection = True

    def log_message(self, *_args: object) -> None:
        pass
