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
from engine.files.disk import file_digest
from engine.files.reachability import endpoint, hub_reachable, is_forbidden

STALL_SECONDS = 60.0
"""A download that receives no byte for this long is aborted."""
POLL_SECONDS = 0.2
"""Interval at which the progress of a download is measured."""
LARGEST_HEADER = 100_000_000
"""Bytes of the header of a safetensors file; the format allows no more."""
DIGEST = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
"""Name of a file in the cache: git's sha1 of small files, the sha256 of large ones."""
Progress = Callable[[str, int], None]
"""Called with the name of the file that is being downloaded and the number of bytes that have arrived."""


class NotDownloaded(UserError):
    """Files are not on this machine and would have to be downloaded first."""


def cached(repo: str, name: str, revision: str, kind: str = "model") -> Path | None:
    """The file ``name`` of a ``model`` or ``dataset`` repository, if an earlier download left it on this machine, whole."""
    path = _in_cache(repo, name, revision, kind)
    return path if path and looks_whole(path) else None


def fetch(repo: str, names: Sequence[str], revision: str, kind: str = "model", progress: Progress | None = None) -> Path:
    """Download those of ``names`` that the repository has; the folder that holds them, named by its commit.

    Files in the cache are kept; what was downloaded is compared with the hub's digest. Raises NotDownloaded when the hub cannot
    be reached, UserError when it has no such repository or revision, refuses it or stops answering, or when the disk is full.
    """
    if is_forbidden():
        raise NotDownloaded(f"{repo} is not on this machine and HF_HUB_OFFLINE forbids downloading it")
    if not hub_reachable():
        raise NotDownloaded(f"{repo} is not on this machine and the hub cannot be reached ({endpoint()})")
    folder: Path | None = None
    for name in names:
        path = _in_cache(repo, name, revision, kind)
        if path and not looks_whole(path):
            discard(path)
            path = None
        path = path or _download(repo, name, revision, kind, progress)
        if path:
            folder = Path(str(path)[: -len(name) - 1])
            # A branch may move between two files.
            revision = folder.name
    if folder is None:
        raise UserError(f"{repo} has none of {', '.join(names)} at revision {revision}")
    return folder


def looks_whole(path: Path) -> bool:
    """Whether a file ends as its format requires; the remains of an interrupted copy do not."""
    size = path.stat().st_size
    with path.open("rb") as file:
        if path.suffix == ".parquet":
            file.seek(max(0, size - 4))
            return size >= 12 and file.read() == b"PAR1"
        if path.suffix == ".safetensors":
            length = int.from_bytes(file.read(8), "little")
            head = file.read(length) if length <= min(size, LARGEST_HEADER) else b""
            try:
                ends = [tensor["data_offsets"][1] for name, tensor in json.loads(head).items() if name != "__metadata__"]
            except (ValueError, TypeError, KeyError, RecursionError):
                return False
            return size == 8 + len(head) + max(ends, default=0)
        if path.suffix in (".json", ".jsonl"):
            file.seek(max(0, size - 64))
            return file.read().rstrip()[-1:] in (b"}", b"]")
    return size > 0


def is_intact(path: Path) -> bool:
    """Whether a file of the cache has the digest in its name, which the hub assigned; True where the hub assigned none."""
    blob = path.resolve()
    if blob.parent.name != "blobs" or not DIGEST.fullmatch(blob.name):
        return True
    if len(blob.name) == 40:
        content = blob.read_bytes()
        return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest() == blob.name
    return file_digest(blob) == blob.name


def discard(path: Path) -> None:
    """Remove a file from the cache, together with the blob that it links to."""
    path.resolve().unlink(missing_ok=True)
    path.unlink(missing_ok=True)


def _in_cache(repo: str, name: str, revision: str, kind: str) -> Path | None:
    from huggingface_hub import try_to_load_from_cache

    path = try_to_load_from_cache(repo, name, revision=revision, repo_type=kind)
    return Path(path) if isinstance(path, str) else None


def _download(repo: str, name: str, revision: str, kind: str, progress: Progress | None) -> Path | None:
    """One file, or None if the repository lacks it.

    The library waits several minutes for a hub that has stopped answering, so it runs in a thread that can be abandoned.
    """
    from huggingface_hub import hf_hub_download
    from huggingface_hub.constants import HF_HUB_CACHE
    from huggingface_hub.utils.tqdm import disable_progress_bars

    disable_progress_bars()
    outcome: queue.SimpleQueue[Path | Exception] = queue.SimpleQueue()

    def work() -> None:
        try:
            outcome.put(Path(hf_hub_download(repo, name, repo_type=kind, revision=revision, endpoint=endpoint())))
        except Exception as error:
            outcome.put(error)

    threading.Thread(target=work, daemon=True).start()
    blobs = Path(HF_HUB_CACHE) / f"{kind}s--{repo.replace('/', '--')}" / "blobs"
    last, since = -1, time.monotonic()
    while True:
        try:
            result = outcome.get(timeout=POLL_SECONDS)
            break
        except queue.Empty:
            # Where another process downloads the same file, the bytes are its own.
            size = sum(_size(path) for path in blobs.glob("*.incomplete"))
        if size != last:
            last, since = size, time.monotonic()
            if progress:
                progress(name, size)
        elif time.monotonic() - since > STALL_SECONDS:
            raise UserError(
                f"the download of {name} from {repo} stalled: no byte for {STALL_SECONDS:.0f} s; run it again later"
            )
    if isinstance(result, Exception):
        refusal = user_error(result, repo, name, revision, kind)
        if refusal is None:
            return None
        raise refusal from result
    if not is_intact(result):
        discard(result)
        raise UserError(f"{name} of {repo} arrived damaged; download it again")
    if progress:
        progress(name, result.stat().st_size)
    return result


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def user_error(error: Exception, repo: str, name: str, revision: str, kind: str) -> UserError | None:
    """The error to report for a failed download; None if the repository merely lacks the file."""
    from huggingface_hub import errors
    from huggingface_hub.constants import HF_HUB_CACHE

    if isinstance(error, errors.LocalEntryNotFoundError) and isinstance(error.__cause__, Exception):
        error = error.__cause__
    elif isinstance(error, errors.EntryNotFoundError):
        return None
    first_line = (str(error).strip().splitlines() or [type(error).__name__])[0]
    status = error.response.status_code if isinstance(error, errors.HfHubHTTPError) else None
    if isinstance(error, errors.GatedRepoError):
        page = f"{endpoint()}/{'datasets/' if kind == 'dataset' else ''}{repo}"
        why = f"the hub gives {repo} only to those who accept its terms; do so at {page}, then `hf auth login`"
    elif isinstance(error, errors.RepositoryNotFoundError) or status == 401:
        why = f"the hub has no {kind} {repo}, or it is private; check the name or log in with `hf auth login`"
    elif isinstance(error, errors.RevisionNotFoundError):
        why = f"{repo} has no revision {revision}; leave it out for the newest"
    elif status == 403:
        why = f"the hub refuses {repo} (403); log in with `hf auth login` as a user who may read it"
    elif status is not None:
        why = f"cannot download {repo}: {first_line}"
    elif getattr(error, "errno", None) == errno.ENOSPC or "No space left" in str(error):
        why = f"the disk is full: {repo} does not fit into {HF_HUB_CACHE}; free some space or set HF_HOME to another disk"
    elif isinstance(error, OSError) and error.errno:
        why = f"cannot keep {repo} in {HF_HUB_CACHE}: {error.strerror}"
    else:
        why = f"the download of {name} from {repo} was interrupted ({type(error).__name__}: {first_line}); run it again"
    return UserError(why)
