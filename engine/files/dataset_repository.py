"""A dataset repository of the hub: the commit that a revision stands for, the names of its files, and the files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from engine.errors import UserError
from engine.files.hub import NotDownloaded, Progress, cached, fetch, user_error
from engine.files.reachability import endpoint, hub_reachable, is_forbidden

COMMIT = re.compile(r"[0-9a-f]{40}")
ANSWER_SECONDS = 30.0
"""How long the hub may take to name a repository's files."""
MOST_BYTES = 20_000_000_000
"""Of the files that one task reads."""


@dataclass(frozen=True)
class Repository:
    """A repository at one commit."""

    name: str
    commit: str
    files: Mapping[str, int]
    """Names of its files and their bytes."""

    def fetch(self, names: Iterable[str], progress: Progress | None = None) -> dict[str, Path]:
        """These files in the hub's cache by name, downloaded unless they are there. Raises UserError as ``hub.fetch``, and for
        too much."""
        wanted = list(dict.fromkeys(names))
        if (size := sum(self.files[name] for name in wanted)) > MOST_BYTES:
            raise UserError(
                f"{self.name} has {size / 1e9:,.0f} GB in these splits, more than the {MOST_BYTES / 1e9:.0f} that are read; "
                "choose another config or split, or save a part with save_to_disk of datasets"
            )
        found = {name: cached(self.name, name, self.commit, "dataset") for name in wanted}
        if absent := [name for name, path in found.items() if path is None]:
            folder = fetch(self.name, absent, self.commit, "dataset", progress)
            found |= {name: folder / name for name in absent}
        if missing := [name for name, path in found.items() if path is None or not path.is_file()]:
            raise UserError(f"{self.name} no longer has {missing[0]} at {self.commit[:12]}; choose another revision")
        return {name: path for name, path in found.items() if path}


def find_repository(name: str, revision: str) -> Repository:
    """The repository at the commit that ``revision`` is now; an empty one is the newest commit.

    Raises NotDownloaded when the hub cannot be asked, UserError when it has no such repository or revision or refuses it.
    """
    if not hub_reachable():
        why = "HF_HUB_OFFLINE forbids asking the hub" if is_forbidden() else f"the hub cannot be reached ({endpoint()})"
        pinned = "" if COMMIT.fullmatch(revision) else "; a revision that is a commit needs no hub once its rows are here"
        asked = f"the dataset {name} at {revision or 'its newest commit'}"
        raise NotDownloaded(f"{asked} is not on this machine and {why}{pinned}")
    from huggingface_hub import HfApi

    try:
        info = HfApi(endpoint=endpoint()).dataset_info(
            name, revision=revision or None, timeout=ANSWER_SECONDS, files_metadata=True
        )
    except Exception as error:
        if refusal := user_error(error, name, "the list of files", revision, "dataset"):
            raise refusal from error
        raise
    files = {file.rfilename: file.size or 0 for file in info.siblings or ()}
    if not info.sha or not COMMIT.fullmatch(info.sha):
        raise UserError(f"{endpoint()} does not say which commit {revision or 'the newest'} of {name} is; try again later")
    if strange := [file for file in files if PurePosixPath(file).is_absolute() or ".." in PurePosixPath(file).parts]:
        raise UserError(f"{name} has a file with the name {strange[0]!r}, which is outside of it; choose another dataset")
    return Repository(name, info.sha, files)
