"""What a result depends on besides its specification: code and versions."""

from __future__ import annotations

import platform
import subprocess
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

PACKAGES = ("scalearn-tui", "torch", "transformers", "tokenizers", "datasets", "safetensors", "numpy")


def provenance(distributions: Iterable[str] = ()) -> dict[str, Any]:
    """Git commit of the code (where it runs from a checkout), package versions, Python, system and host.

    ``distributions`` are further packages that the run uses, as ``tiny-method 1.0``.
    """
    used = {name: number for name, _, number in (distribution.rpartition(" ") for distribution in distributions)}
    return {
        "git_commit": git_commit(),
        "versions": {name: number for name in PACKAGES if (number := _version(name))} | used,
        "python": platform.python_version(),
        "system": platform.platform(),
        "host": platform.node(),
    }


def git_commit() -> str | None:
    """Commit of the checkout that this code runs from, ``+changes`` appended when it differs; None if installed."""
    checkout = Path(__file__).resolve().parents[2]
    if not (checkout / ".git").exists():
        return None
    commit = _git(checkout, "rev-parse", "HEAD")
    changes = _git(checkout, "status", "--porcelain", "--untracked-files=no")
    return f"{commit}+changes" if commit and changes else commit or None


def package_version() -> str:
    """Of this program."""
    return _version("scalearn-tui") or "unknown"


def _git(folder: Path, *arguments: str) -> str:
    try:
        answer = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return answer.stdout.strip() if answer.returncode == 0 else ""


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
