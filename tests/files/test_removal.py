"""What is removed, what is left and why."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import UserError
from engine.files.removal import Remains, remove, set_aside


def filled(folder: Path) -> Path:
    (folder / "evidence").mkdir(parents=True)
    for name in ("log.txt", "evidence/dev", "evidence/test"):
        (folder / name).write_text(name)
    return folder


def test_a_folder_is_removed_with_all_that_is_in_it(user_folder: Path) -> None:
    assert remove(filled(user_folder / "run")) == [] and not (user_folder / "run").exists()
    assert remove(user_folder / "run") == []


def test_what_lies_behind_links_stays(user_folder: Path) -> None:
    elsewhere = filled(user_folder / "elsewhere")
    run = filled(user_folder / "run")
    (run / "linked").symlink_to(elsewhere)
    (run / "weights").symlink_to(elsewhere / "log.txt")
    (run / "dangling").symlink_to(user_folder / "nothing")
    assert remove(run) == [Remains(elsewhere.resolve(), None), Remains((elsewhere / "log.txt").resolve(), None)]
    assert not run.exists() and (elsewhere / "evidence" / "dev").exists()
    run.symlink_to(elsewhere)
    assert remove(run) == [Remains(elsewhere.resolve(), None)]
    assert not run.is_symlink() and (elsewhere / "log.txt").exists()


def test_what_cannot_be_removed_is_named_with_the_reason(user_folder: Path) -> None:
    run = filled(user_folder / "run")
    (run / "evidence").chmod(0o500)
    assert remove(run) == [Remains(run / "evidence" / name, "Permission denied") for name in ("dev", "test")]
    assert not (run / "log.txt").exists()


def test_setting_aside_moves_all_or_none(user_folder: Path) -> None:
    runs = [filled(user_folder / "runs" / name) for name in ("one", "two")]
    (user_folder / "locked").mkdir()
    fixed = filled(user_folder / "locked" / "three")
    (user_folder / "locked").chmod(0o500)
    with pytest.raises(UserError, match=r"nothing was deleted: .*three cannot be removed \(Permission denied\); make .*locked"):
        set_aside([*runs, fixed])
    assert all((run / "log.txt").exists() for run in runs)
    assert [path.exists() for path in set_aside([*runs, user_folder / "missing"]).values()] == [True, True]
    assert not any(run.exists() for run in runs)
