"""A hub of a few repositories on this machine: as much of the protocol as downloads need."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit


def serve(repositories: Mapping[str, tuple[str, Path]]) -> list[str]:
    """Serve repositories (id -> commit, folder) at ``HF_ENDPOINT`` until the process ends; what is asked for, as it comes."""
    asked: list[str] = []

    class Hub(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = unquote(urlsplit(self.path).path)
            asked.append(path)
            words = path.strip("/").split("/")
            if words[:2] == ["api", "models"]:
                self.api("/".join(words[2:4]), words[4:])
            else:
                self.file("/".join(words[:2]), words[3] if len(words) > 3 else "main", "/".join(words[4:]))

        do_HEAD = do_GET

        def api(self, repo: str, rest: list[str]) -> None:
            revision = rest[1] if len(rest) > 1 else "main"
            if not self.known(repo, revision):
                return
            sha, folder = repositories[repo]
            files = sorted(path.name for path in folder.iterdir())
            if rest[:1] == ["tree"]:
                tree = [
                    {"type": "file", "path": name, "size": (folder / name).stat().st_size, "oid": "0" * 40} for name in files
                ]
                self.answer(200, json.dumps(tree).encode())
            else:
                self.answer(
                    200, json.dumps({"id": repo, "sha": sha, "siblings": [{"rfilename": name} for name in files]}).encode()
                )

        def file(self, repo: str, revision: str, name: str) -> None:
            if not self.known(repo, revision):
                return
            sha, folder = repositories[repo]
            if not (folder / name).is_file():
                self.answer(404, b"", {"X-Error-Code": "EntryNotFound"})
                return
            content = (folder / name).read_bytes()
            self.answer(200, content, {"ETag": f'"{hashlib.sha256(content).hexdigest()}"', "X-Repo-Commit": sha})

        def known(self, repo: str, revision: str) -> bool:
            if repo not in repositories:
                self.answer(404, b"", {"X-Error-Code": "RepoNotFound"})
            elif revision not in ("main", repositories[repo][0]):
                self.answer(404, b"", {"X-Error-Code": "RevisionNotFound"})
            else:
                return True
            return False

        def answer(self, code: int, content: bytes, headers: Mapping[str, str] | None = None) -> None:
            self.send_response(code)
            for name, value in {
                "Content-Length": str(len(content)),
                "Content-Type": "application/json",
                **(headers or {}),
            }.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(content)

        def log_message(self, *_args: object) -> None:
            pass

    address = urlsplit(os.environ["HF_ENDPOINT"])
    server = ThreadingHTTPServer((address.hostname or "", address.port or 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return asked
