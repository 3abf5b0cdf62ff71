"""Files that were made to hurt who opens them are refused in one line, before anything of them is used."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from engine.bundles.container import MOST_BYTES, MOST_MEMBERS
from engine.bundles.opening import open_bundle
from engine.catalog.catalog import BUILT_IN
from engine.errors import UserError
from tests.bundles.forging import MANIFEST, RUNS, TABLE, Parts

README = "readme.txt"
Change = Callable[[zipfile.ZipInfo, bytes], list[tuple[zipfile.ZipInfo, bytes]]]


def refusal(path: Path) -> str:
    with pytest.raises(UserError) as refused, open_bundle(path, BUILT_IN):
        pass
    text = str(refused.value)
    assert text.startswith(f"{path}") and len(text.splitlines()) == 1 and refused.value.exit_code == 2
    return text


def zipped(path: Path, members: Parts, change: Change) -> Path:
    """A zip of members that ``change`` may replace or add to."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            for info, content in change(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data):
                info.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(info, content)
    return path


def added(
    name: str, data: bytes = b"x", **fields: int
) -> Callable[[zipfile.ZipInfo, bytes], list[tuple[zipfile.ZipInfo, bytes]]]:
    extra = zipfile.ZipInfo("placeholder", (1980, 1, 1, 0, 0, 0))
    extra.filename = extra.orig_filename = name
    for field, value in fields.items():
        setattr(extra, field, value)
    return lambda info, content: [(info, content), *([(extra, data)] if info.filename == README else [])]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (added("../evil"), "called '../evil'"),
        (added("/etc/passwd"), "called '/etc/passwd'"),
        (added("rows/a/b/c"), "called 'rows/a/b/c'"),
        (added("Rows.json"), "called 'Rows.json'"),
        (added("a\\b"), "called 'a"),
        (added(README), "readme.txt occurs twice"),
        (added("extra.txt"), "extra.txt is not in its manifest"),
        (added("link", external_attr=(stat.S_IFLNK | 0o777) << 16), "link is a link"),
        (added("bomb", bytes(8 << 20)), "bomb would grow 200-fold"),
    ],
    ids=["parent", "absolute", "deep", "upper case", "backslash", "twice", "extra", "link", "bomb"],
)
def test_members_that_no_bundle_has(parts: Parts, tmp_path: Path, change: Callable, told: str) -> None:
    with pytest.warns(UserWarning) if "twice" in told else io.StringIO():
        path = zipped(tmp_path / "forged.zip", parts, change)
    assert told in refusal(path)


def patched(bundled: Path, path: Path, patch: Callable[[bytearray], None]) -> Path:
    data = bytearray(bundled.read_bytes())
    patch(data)
    path.write_bytes(data)
    return path


def directory_of(data: bytearray) -> int:
    """Where the central directory begins."""
    return struct.unpack("<L", data[-6:-2])[0]


def test_an_encrypted_member(bundled: Path, tmp_path: Path) -> None:
    def encrypt(data: bytearray) -> None:
        data[directory_of(data) + 8] |= 1

    assert "is encrypted" in refusal(patched(bundled, tmp_path / "forged.zip", encrypt))


@pytest.mark.parametrize("size", [MOST_BYTES + 1, 0xFFFFFFFE])
def test_a_member_that_says_to_be_too_large(bundled: Path, tmp_path: Path, size: int) -> None:
    def enlarge(data: bytearray) -> None:
        data[directory_of(data) + 24 : directory_of(data) + 28] = struct.pack("<L", size)

    assert f"has {size:,} bytes" in refusal(patched(bundled, tmp_path / "forged.zip", enlarge))


def test_a_member_that_is_larger_than_it_says(bundled: Path, tmp_path: Path) -> None:
    def shrink(data: bytearray) -> None:
        data[directory_of(data) + 24 : directory_of(data) + 28] = struct.pack("<L", 10)

    assert "is damaged" in refusal(patched(bundled, tmp_path / "forged.zip", shrink))


def test_more_members_than_are_read(bundled: Path, tmp_path: Path) -> None:
    def claim(data: bytearray) -> None:
        data[-14:-10] = struct.pack("<2H", MOST_MEMBERS + 1, MOST_MEMBERS + 1)

    assert "it has 20,001 members" in refusal(patched(bundled, tmp_path / "forged.zip", claim))


@pytest.mark.parametrize("where", ["before", "after", "between"])
def test_bytes_that_are_no_member(bundled: Path, tmp_path: Path, where: str) -> None:
    def insert(data: bytearray) -> None:
        place = {"before": 0, "after": len(data), "between": directory_of(data)}[where]
        if where == "between":
            data[-6:-2] = struct.pack("<L", directory_of(data) + 3)
        data[place:place] = b"abc"

    refusal(patched(bundled, tmp_path / "forged.zip", insert))


def test_overlapping_members(bundled: Path, tmp_path: Path) -> None:
    """All members share the bytes of the first, as in a bomb of a few kilobytes."""

    def overlap(data: bytearray) -> None:
        place = directory_of(data)
        while data[place : place + 4] == b"PK\x01\x02":
            data[place + 42 : place + 46] = bytes(4)
            place += 46 + struct.unpack("<H", data[place + 28 : place + 30])[0]

    assert "does not lie where a bundle has it" in refusal(patched(bundled, tmp_path / "forged.zip", overlap))


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.99])
def test_a_truncated_file(bundled: Path, tmp_path: Path, share: float) -> None:
    path = tmp_path / "forged.zip"
    path.write_bytes(bundled.read_bytes()[: int(share * bundled.stat().st_size)])
    refusal(path)


def test_a_damaged_byte_anywhere(bundled: Path, tmp_path: Path) -> None:
    """It is refused, or stands in a time or a version, which nothing is made of."""
    data, ignored = bundled.read_bytes(), 0
    for place in range(0, len(data), len(data) // 100):
        path = tmp_path / "forged.zip"
        path.write_bytes(data[:place] + bytes([data[place] ^ 0x55]) + data[place + 1 :])
        try:
            with open_bundle(path, BUILT_IN):
                ignored += 1
                assert Parts.of(path) == Parts.of(bundled)
        except UserError as error:
            assert len(str(error).splitlines()) == 1
    assert ignored < 10


def test_no_zip_and_no_regular_file(tmp_path: Path) -> None:
    (tmp_path / "text.zip").write_text("no zip" * 100)
    assert "no bundle" in refusal(tmp_path / "text.zip")
    assert "cannot be read" in refusal(tmp_path)
    assert "cannot be read" in refusal(tmp_path / "none.zip")


CELL = {"run": "0123456789", "method": "adapter", "target": "toy/choice", "seed": 0, "setting": "", "shots": None,
        "backbone": "minilm", "search": None, "trial": None, "candidates": []}  # fmt: skip


def nested(depth: int) -> bytes:
    return b"[" * depth + b"]" * depth


@pytest.mark.parametrize(
    ("name", "change", "told"),
    [
        (MANIFEST, lambda data: data.replace(b'"anonymous": false', b'"anonymous": false, "anonymous": true'), "occurs twice"),
        (MANIFEST, lambda data: nested(100_000), "nested too deeply"),
        (MANIFEST, lambda data: data.replace(b'"schema": 1', b'"schema": 2'), "schema"),
        (MANIFEST, lambda data: b"\xff\xfe" + data, "malformed"),
        (RUNS, lambda data: data.replace(b'"seconds": ', b'"seconds": NaN, "other": ', 1), "NaN is no number"),
        (RUNS, lambda data: data.replace(b'"seconds": ', b'"seconds": 1e999, "other": ', 1), "is too large"),
        (RUNS, lambda data: data.replace(b'"epoch": 1', b'"epoch": ' + b"9" * 40, 1), "more than 64 bits"),
        (RUNS, lambda data: data.replace(b'"epoch": 1', b'"epoch": "1"', 1), "whole number"),
        (RUNS, lambda data: data.replace(b'"data_dir": null', b'"data_dir": "/etc"', 1), "folder of another machine"),
        (RUNS, lambda data: data.replace(b"toy/choice", b"toy/../../x"), "which no task is"),
        (RUNS, lambda data: data.replace(b'"versions": {', b'"versions": [], "other": {', 1), "provenance versions"),
        (RUNS, lambda data: data.replace(b'"splits": {', b'"splits": {"toy/choice": 3}, "other": {', 1), "provenance splits"),
        (RUNS, lambda data: b"", "names no run"),
        (RUNS, lambda data: data + data.splitlines(keepends=True)[0], "twice"),
        ("curves.csv", lambda data: data.replace(b"dev/", b"dev\x1b", 1), "no point of a run's curve"),
        ("curves.csv", lambda data: data.replace(b",1,", b",-1,", 1), "curves.csv"),
    ],
)  # fmt: skip
def test_documents_that_no_bundle_has(
    parts: Parts, tmp_path: Path, name: str, change: Callable[[bytes], bytes], told: str
) -> None:
    signed = parts.signed()
    for document in (MANIFEST, TABLE):
        signed.put(document, signed.json(document))
    signed.change_runs(lambda runs: None)
    signed[name] = change(signed[name])
    if name != MANIFEST:
        signed.signed()
    path = signed.write(tmp_path / "forged.zip")
    if name == "curves.csv":
        with pytest.raises(UserError, match=told), open_bundle(path, BUILT_IN) as bundle:
            bundle.contents.curves()
    else:
        assert told in refusal(path)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"name": "\x1b[31mred"}, "name"),
        ({"cells": [{"run": "0123456789"}]}, "a cell is not described"),
        ({"cells": [CELL | {"seed": [0]}]}, "a cell is not described"),
        ({"cells": [CELL | {"search": 0, "trial": 0}, CELL | {"search": 0, "candidates": ["0"]}]}, "was not tried"),
        ({"cells": [CELL | {"search": 0, "candidates": [CELL["run"]]}]}, "was not tried"),
        ({"cells": [CELL | {"other": 0}]}, "a cell is not described"),
    ],
)
def test_a_sweep_that_no_table_could_be_read_beside(parts: Parts, tmp_path: Path, change: dict, told: str) -> None:
    at = "2026-01-01T00:00:00Z"
    sweep = {"name": "s", "file": "", "text": "", "requests": [], "cells": [CELL], "created_at": at, "updated_at": at}
    parts.put("sweep.json", sweep)
    with open_bundle(parts.signed().write(tmp_path / "whole.zip"), BUILT_IN):
        pass
    parts.put("sweep.json", sweep | change)
    refused = refusal(parts.signed().write(tmp_path / "forged.zip"))
    assert "sweep.json is malformed" in refused and told in refused


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda logits: logits.astype(np.float64), "holds no answers"),
        (lambda logits: logits[:-1], "has answers of shape"),
        (lambda logits: logits[None], "holds no answers"),
        (lambda logits: np.where(np.arange(len(logits))[:, None] == 0, np.nan, logits).astype(np.float32), "not finite"),
    ],
    ids=["type", "rows", "dimensions", "NaN"],
)
def test_answers_that_no_model_gives(parts: Parts, tmp_path: Path, change: Callable, told: str) -> None:
    run = parts.runs[-1]
    parts.change_answers(run["id"], "test", change)
    assert told in refusal(parts.signed().write(tmp_path / "forged.zip"))


def test_a_digest_of_tensors_that_is_not_theirs(parts: Parts, tmp_path: Path) -> None:
    manifest = parts.json(MANIFEST)
    name = next(name for name in parts if name.startswith("rows/"))
    manifest["members"][name]["tensors"] = "0" * 64
    parts.put(MANIFEST, manifest)
    assert f"{name} was changed or damaged" in refusal(parts.write(tmp_path / "forged.zip"))


def test_a_header_that_is_longer_than_its_file(parts: Parts, tmp_path: Path) -> None:
    name = next(name for name in parts if name.startswith("rows/"))
    parts[name] = struct.pack("<Q", 1 << 60) + parts[name][8:]
    assert "cannot be read" in refusal(parts.signed().write(tmp_path / "forged.zip"))
