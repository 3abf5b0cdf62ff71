"""Single files of the Hugging Face hub: found in its cache without any request, or downloaded."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from engine.errors import UserError


class NotHere(UserError):
    """Something would have to be downloaded first."""


def cached(repo: str, name: str, revision: str, kind: str = "model") -> Path | None:
    """The file ``name`` of a ``model`` or ``dataset`` repository, if an earlier download left it on this machine."""
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache(repo, name, revision=revision, repo_type=kind)
    return Path(found) if isinstance(found, str) else None


def fetch(repo: str, names: Sequence[str], revision: str, kind: str = "model") -> Path:
    """Download those of ``names`` that the repository has; the folder that holds them, named by its commit.

    Raises NotHere when the hub cannot be reached, UserError when it has no such repository or revision.
    """
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError, RepositoryNotFoundError, RevisionNotFoundError

    try:
        return Path(snapshot_download(repo, repo_type=kind, revision=revision, allow_patterns=list(names)))
    except RepositoryNotFoundError:
        raise UserError(
            f"the hub has no {kind} {repo}, or it is private; check the name or log in with `hf auth login`"
        ) from None
    except RevisionNotFoundError:
        raise UserError(f"{repo} has no revision {revision}; leave it out for the newest") from None
    except (LocalEntryNotFoundError, ConnectionError) as error:
        raise NotHere(f"{repo} is not on this machine and the hub cannot be reached") from error
    except HfHubHTTPError as error:
        raise UserError(f"cannot download {repo}: {str(error).strip().splitlines()[0]}") from error
