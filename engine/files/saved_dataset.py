"""Folders that ``save_to_disk`` of ``datasets`` wrote: their splits, files and content, known without the library."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from engine.errors import UserError
from engine.files.bounded import read_json
from engine.files.disk import file_digest

STATE, INFO, SPLITS = "state.json", "dataset_info.json", "dataset_dict.json"
LARGEST_JSON = 16_000_000
"""Bytes of one of these; more is no description of a dataset."""


def is_saved(folder: Path) -> bool:
    """Whether ``folder`` is a saved dataset with one split or with several."""
    return (folder / STATE).is_file() or (folder / SPLITS).is_file()


def saved_splits(folder: Path) -> dict[str, Path]:
    """The folder of each split by name; a dataset without splits is ``train``. Raises UserError for other contents."""
    if (folder / SPLITS).is_file():
        names = _read(folder / SPLITS).get("splits")
        if not isinstance(names, list) or not names or not all(map(_is_plain, names)):
            raise UserError(f"{folder / SPLITS} names no splits; save the dataset again")
        return {name: folder / name for name in names}
    name = _read(folder / STATE).get("_split")
    return {str(name or "train"): folder}


def saved_files(folder: Path) -> list[Path]:
    """The files that hold the rows of one split, in order. Raises UserError where one is missing."""
    entries = _read(folder / STATE).get("_data_files")
    entries = entries if isinstance(entries, list) else []
    names: list[Any] = [entry.get("filename") if isinstance(entry, dict) else None for entry in entries]
    if not names or not all(map(_is_plain, names)):
        raise UserError(f"{folder / STATE} names no files of rows; save the dataset again")
    files = [folder / name for name in names]
    if absent := [path for path in files if not path.is_file()]:
        raise UserError(f"{absent[0]} is missing; bring it back, or save the dataset again")
    return files


def saved_digest(folder: Path) -> str:
    """sha256 of one split's rows and of what its columns are, independent of names and of when it was saved."""
    features = json.dumps(_read(folder / INFO).get("features"), sort_keys=True)
    digests = [*map(file_digest, saved_files(folder)), hashlib.sha256(features.encode()).hexdigest()]
    return hashlib.sha256("".join(digests).encode()).hexdigest()


def _is_plain(name: Any) -> bool:
    """Whether this is the name of something in the folder itself."""
    return isinstance(name, str) and name not in ("", ".", "..") and "/" not in name and "\0" not in name


def _read(path: Path) -> dict[str, Any]:
    try:
        content = read_json(path, LARGEST_JSON)
    except FileNotFoundError:
        raise UserError(f"{path} does not exist; bring it back, or save the dataset again") from None
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}") from None
    except ValueError:
        raise UserError(f"{path} is not what save_to_disk writes; save the dataset again") from None
    if not isinstance(content, dict):
        raise UserError(f"{path} is not what save_to_disk writes; save the dataset again")
    return content
