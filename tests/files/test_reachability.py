"""What forbids requests, for this process and the libraries that it has loaded or will load."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.files.folders import ROOT

CODE = """
import os, sys
{first}
from engine.files.reachability import forbid, hub_reachable
forbid()
import huggingface_hub.constants, huggingface_hub.errors
assert huggingface_hub.constants.HF_HUB_OFFLINE and os.environ["HF_HUB_OFFLINE"] == "1" and not hub_reachable()
try:
    huggingface_hub.hf_hub_download("org/name", "config.json")
except huggingface_hub.errors.LocalEntryNotFoundError:
    print("forbidden")
"""


def test_requests_are_forbidden_before_and_after_the_library_is_loaded(tmp_path) -> None:
    env = {**os.environ, "HF_HUB_OFFLINE": "", "HF_HUB_CACHE": str(tmp_path)}
    for first in ("", "import huggingface_hub.constants"):
        done = subprocess.run(
            [sys.executable, "-c", CODE.format(first=first)], cwd=ROOT, env=env, capture_output=True, text=True, timeout=60
        )
        assert done.stdout == "forbidden\n", done.stderr
