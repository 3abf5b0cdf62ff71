"""Single files of the Hugging Face hub: found in its cache without any request, or downloaded."""

from __future__ import annotations

import errno
import hashlib
import json
import queue
import re
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from engine.errors import UserError
from engine.files.reachability import endpoint, hub_reachable, is_forbidden

STALLED = 60.0
"""Seconds without a byte, after which a download is given up."""
LOOK = 0.2
"""Seconds between looks at how far a download has come."""
DIGEST = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
"""What names a file in the cache: git's sha1 of small ones, the sha256 of large ones."""
Progress = Callable[[str, int], None]
"""Gets the name of a file that is being downloaded and the bytes of it that are here."""


class NotHere(UserError):
    """Something would have to be downloaded first."""


def cached(repo: str, name: str, revision: str, kind: str = "model") -> Path | None:
    """The file ``name`` of a ``model`` or ``dataset`` repository, if an earlier download left it on this machine, whole."""
    found = _in_cache(repo, name, revision, kind)
    return found if found and looks_whole(found) else None


def fetch(repo: str, names: Sequence[str], revision: str, kind: str = "model", progress: Progress | None = None) -> Path:
    """Download those of ``names`` that the repository has; the folder that holds them, named by its commit.

    Files that are here are kept; what was downloaded is compared with the hub's digest. Raises NotHere when the hub cannot be
    reached, UserError when it has no such repository or revision, refuses it or stops answering, or when the disk is full.
    """
    if is_forbidden():
        raise NotHere(f"{repo} is not on this machine and HF_HUB_OFFLINE forbids to download it")
    if not hub_reachable():
        raise NotHere(f"{repo} is not on this machine and the hub cannot be reached ({endpoint()})")
    folder: Path | None = None
    for name in names:
        here = _in_cache(repo, name, revision, kind)
        if here and not looks_whole(here):
            discard(here)
            here = None
        here = here or _download(repo, name, revision, kind, progress)
        if here:
            folder = Path(str(here)[: -len(name) - 1])
            # A branch may move between two files.
            revision = folder.name
    if folder is None:
        raise UserError(f"{repo} has none of {', '.join(names)} at revision {revision}")
    return folder


def looks_whole(path: Path) -> bool:
    """Whether a file ends where files of its kind end; what a copy that broke off leaves does not."""
    size = path.stat().st_size
    with path.open("rb") as file:
        if path.suffix == ".parquet":
            file.seek(max(0, size - 4))
            return size >= 12 and file.read() == b"PAR1"
        if path.suffix == ".safetensors":
            head = file.read(int.from_bytes(file.read(8), "little")) if size > 8 else b""
            try:
                ends = [about["data_offsets"][1] for name, about in json.loads(head).items() if name != "__metadata__"]
            except (ValueError, TypeError, KeyError):
                return False
            return size == 8 + len(head) + max(ends, default=0)
        if path.suffix in (".json", ".jsonl"):
            file.seek(max(0, size - 64))
            return file.read().rstrip()[-1:] in (b"}", b"]")
    return size > 0


def is_intact(path: Path) -> bool:
    """Whether a file of the cache has the digest that the hub gave it, which names it; True where the hub gave none."""
    blob = path.resolve()
    if blob.parent.name != "blobs" or not DIGEST.fullmatch(blob.name):
        return True
    if len(blob.name) == 40:
        content = blob.read_bytes()
        return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest() == blob.name
    with blob.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == blob.name


def discard(path: Path) -> None:
    """Remove a file from the cache, with what it is a link to."""
    path.resolve().unlink(missing_ok=True)
    path.unlink(missing_ok=True)


def _in_cache(repo: str, name: str, revision: str, kind: str) -> Path | None:
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache(repo, name, revision=revision, repo_type=kind)
    return Path(found) if isinstance(found, str) else None


def _download(repo: str, name: str, revision: str, kind: str, progress: Progress | None) -> Path | None:
    """One file, or None if the repository lacks it.

    The library's own patience with a hub that no longer answers is several minutes: it works in a thread that is left behind.
    """
    from huggingface_hub import hf_hub_download
    from huggingface_hub.constants import HF_HUB_CACHE
    from huggingface_hub.utils.tqdm import disable_progress_bars

    disable_progress_bars()
    done: queue.SimpleQueue[Path | Exception] = queue.SimpleQueue()

    def work() -> None:
        try:
            done.put(Path(hf_hub_download(repo, name, repo_type=kind, revision=revision, endpoint=endpoint())))
        except Exception as error:
            done.put(error)

    threading.Thread(target=work, daemon=True).start()
    blobs = Path(HF_HUB_CACHE) / f"{kind}s--{repo.replace('/', '--')}" / "blobs"
    last, since = -1, time.monotonic()
    while True:
        try:
            found = done.get(timeout=LOOK)
            break
        except queue.Empty:
            # Whoever waits for another process that downloads the same file sees that one's bytes.
            size = sum(_size(path) for path in blobs.glob("*.incomplete"))
        if size != last:
            last, since = size, time.monotonic()
            if progress:
                progress(name, size)
        elif time.monotonic() - since > STALLED:
            raise UserError(f"the download of {name} from {repo} stalled: no byte for {STALLED:.0f} s; run it again later")
    if isinstance(found, Exception):
        _raise_told(found, repo, name, revision, kind)
        return None
    if not is_intact(found):
        discard(found)
        raise UserError(f"{name} of {repo} arrived damaged; download it again")
    if progress:
        progress(name, found.stat().st_size)
    return found


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _raise_told(error: Exception, repo: str, name: str, revision: str, kind: str) -> None:
    """Raise what the user should know of a failed download; return if the repository has no such file."""
    from huggingface_hub import errors
    from huggingface_hub.constants import HF_HUB_CACHE

    if isinstance(error, errors.LocalEntryNotFoundError) and isinstance(error.__cause__, Exception):
        error = error.__cause__
    elif isinstance(error, errors.EntryNotFoundError):
        return
    first = (str(error).strip().splitlines() or [type(error).__name__])[0]
    status = error.response.status_code if isinstance(error, errors.HfHubHTTPError) else None
    if isinstance(error, errors.GatedRepoError):
        page = f"{endpoint()}/{'datasets/' if kind == 'dataset' else ''}{repo}"
        why = f"the hub gives {repo} only to those who accept its terms; do so at {page}, then `hf auth login`"
    elif isinstance(error, errors.RepositoryNotFoundError) or status == 401:
        why = f"the hub has no {kind} {repo}, or it is private; check the name or log in with `hf auth login`"
    elif isinstance(error, errors.RevisionNotFoundError):
        why = f"{repo} has no revision {revision}; leave it out for the newest"
    elif status == 403:
        why = f"the hub refuses {repo} (403); log in with `hf auth login` as someone who may read it"
    elif status is not None:
        why = f"cannot download {repo}: {first}"
    elif getattr(error, "errno", None) == errno.ENOSPC or "No space left" in str(error):
        why = f"the disk is full: {repo} does not fit into {HF_HUB_CACHE}; free some space or set HF_HOME to another disk"
    elif isinstance(error, OSError) and error.errno:
        why = f"cannot keep {repo} in {HF_HUB_CACHE}: {error.strerror}"
    else:
        why = f"the download of {name} from {repo} broke off ({type(error).__name__}: {first}); run it again"
    raise UserError(why) from error
