"""Removing files and folders of the home, and saying what of them is left."""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.errors import UserError

ASIDE = ".deleted-"
"""How the names of folders begin that are being removed."""


@dataclass(frozen=True)
class Remains:
    """A path that is still there after a removal."""

    path: Path
    why: str | None
    """The system's reason; None for what lies behind a link, of which only the link was removed."""


def remove(path: Path) -> list[Remains]:
    """Remove a file or a folder with all that is in it, but nothing that links lead to; returns what is left."""
    try:
        if path.is_symlink():
            target = path.resolve()
            path.unlink()
            return [Remains(target, None)] if target.exists() else []
        if not path.is_dir():
            path.unlink(missing_ok=True)
            return []
        left = [remains for entry in sorted(path.iterdir()) for remains in remove(entry)]
        if all(remains.why is None for remains in left):
            path.rmdir()
        return left
    except FileNotFoundError:
        # Another process removes it as well.
        return []
    except OSError as error:
        return [Remains(Path(error.filename or path), error.strerror or str(error))]


def set_aside(folders: Sequence[Path]) -> dict[Path, Path]:
    """Rename folders, or links to them, to names that nobody looks for; the new names of those that exist.

    Raises UserError where one cannot be renamed; then none is.
    """
    moved: dict[Path, Path] = {}
    for folder in folders:
        aside = folder.with_name(f"{ASIDE}{folder.name}-{secrets.token_hex(4)}")
        try:
            os.rename(folder, aside)
        except FileNotFoundError:
            continue
        except OSError as error:
            for original, other in moved.items():
                os.rename(other, original)
            why = f"{folder} cannot be removed ({error.strerror})"
            raise UserError(f"nothing was deleted: {why}; make {folder.parent} writable", exit_code=1) from error
        moved[folder] = aside
    return moved
