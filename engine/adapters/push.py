"""An exported adapter to a repository of the hub: ``python -m engine.adapters.push check|send --repo ORG/NAME ...``.

``check`` sends nothing and prints what is there: ``repository``, ``address``, ``new`` and ``private``. ``send`` uploads the
file and its model card, as README.md, in one commit and prints ``address`` and ``commit``. Ends as ``engine/child_main.py``
says.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from engine.child_main import exit_code_of
from engine.errors import UserError
from engine.files.reachability import endpoint, hub_reachable, is_forbidden

README = "README.md"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m engine.adapters.push", description="Send an adapter to the hub.")
    parser.add_argument("action", choices=("check", "send"))
    parser.add_argument("--repo", required=True)
    parser.add_argument("--private", action="store_true")
    parser.add_argument("--file", type=Path)
    parser.add_argument("--card", type=Path)
    options = parser.parse_args(arguments)

    def work() -> None:
        found = check(options.repo, options.private)
        if options.action == "send":
            found = send(options.repo, options.private, {options.file.name: options.file, README: options.card})
        print(json.dumps(found))

    return exit_code_of(work)


def check(repo: str, private: bool) -> dict[str, Any]:
    """What of the repository is there. Raises UserError where nothing could be sent, and where it is public against a wish."""
    from huggingface_hub import HfApi, get_token
    from huggingface_hub.errors import HFValidationError, RepositoryNotFoundError
    from huggingface_hub.utils._validators import validate_repo_id

    try:
        validate_repo_id(repo)
    except HFValidationError:
        repo = ""
    if repo.count("/") != 1:
        raise UserError("--push takes a repository of the hub as ORG/NAME, of letters, digits and . _ -")
    if is_forbidden():
        raise UserError("HF_HUB_OFFLINE forbids sending anything; unset it, or export without --push")
    if not get_token():
        raise UserError("the hub needs to know who sends; log in with `hf auth login` or set HF_TOKEN")
    if not hub_reachable():
        raise UserError(f"the hub cannot be reached ({endpoint()}); try again later, or export without --push", exit_code=1)
    about = {"repository": repo, "address": f"{endpoint()}/{repo}"}
    try:
        there = HfApi().model_info(repo)
    except RepositoryNotFoundError as error:
        if error.response.status_code == 401:
            raise refusal(error, repo) from None
        return {**about, "new": True, "private": private}
    except Exception as error:
        raise refusal(error, repo) from None
    if private and not there.private:
        raise UserError(f"{repo} is there and public; name another repository, or leave out --private")
    return {**about, "new": False, "private": bool(there.private)}


def send(repo: str, private: bool, files: dict[str, Path]) -> dict[str, Any]:
    """Upload ``files`` by their names there, in one commit, to a repository that is made if need be."""
    from huggingface_hub import CommitOperationAdd, HfApi
    from huggingface_hub.utils.tqdm import disable_progress_bars

    disable_progress_bars()
    api = HfApi(library_name="scalearn-tui")
    operations = [CommitOperationAdd(name, str(path)) for name, path in files.items()]
    try:
        api.create_repo(repo, private=private, exist_ok=True)
        commit = api.create_commit(repo, operations, commit_message=f"Add {next(iter(files))}")
    except Exception as error:
        raise refusal(error, repo) from None
    return {"address": f"{endpoint()}/{repo}", "commit": commit.oid}


def refusal(error: Exception, repo: str) -> UserError:
    """What to say of a failure, in one line."""
    from huggingface_hub.errors import HfHubHTTPError

    first_line = (str(error).strip().splitlines() or [type(error).__name__])[0]
    status = error.response.status_code if isinstance(error, HfHubHTTPError) else None
    if status == 401:
        return UserError("the hub does not know the token; log in again with `hf auth login`")
    if status in (403, 404):
        return UserError(f"the hub refuses {repo} ({status}); log in as a user with a token that may write there")
    if status is None and isinstance(error, ValueError):
        return UserError(f"the hub refuses what it was sent: {first_line}", exit_code=1)
    return UserError(f"nothing arrived at {repo} ({type(error).__name__}: {first_line}); try again later", exit_code=1)


if __name__ == "__main__":
    sys.exit(main())
