"""The zip file of a bundle: written in one form, and read without trusting anything that it says of itself.

Two bundles of the same members are equal byte by byte. Nothing is ever extracted: a member is read into memory, at most as many
bytes as its limit.
"""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol

from engine.errors import UserError

NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")
MOST_PARTS, LONGEST_NAME = 3, 200
MOST_MEMBERS, MOST_BYTES, MOST_TOTAL = 20_000, 256 << 20, 4 << 30
MOST_RATIO, RATIO_ABOVE = 200, 1 << 20
"""Deflate reaches 1,027; logits stay below 2."""
EPOCH = (1980, 1, 1, 0, 0, 0)
MODE = 0o100644 << 16
"""A regular file; the type of others, such as links, stands in the same bits."""
END, LOCAL = struct.Struct("<4s4H2LH"), struct.Struct("<4s5H3L2H")
"""The zip format's end record and local header (APPNOTE 4.3.16 and 4.3.7)."""
CENTRAL_BYTES = 46
"""Of an entry of the central directory, without its name."""


class Members(Protocol):
    """Named byte strings: a bundle, or a folder that becomes one."""

    @property
    def names(self) -> list[str]: ...

    def read(self, name: str) -> bytes: ...


class Archive:
    """The members of an open bundle. Its constructor raises UserError for a file that ``write_archive`` cannot have written."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        _check_end(file, size)
        try:
            self._zip = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, ValueError, OverflowError, UnicodeDecodeError, NotImplementedError) as error:
            raise UserError(f"it is no readable zip file ({error})") from None
        infos = self._zip.infolist()
        _check_members(infos)
        _check_places(file, infos, self._zip.start_dir)
        self._infos: Mapping[str, zipfile.ZipInfo] = {info.filename: info for info in infos}

    @property
    def names(self) -> list[str]:
        return list(self._infos)

    def size(self, name: str) -> int:
        """Bytes of a member, decompressed."""
        return self._infos[name].file_size

    def read(self, name: str) -> bytes:
        """A member. Raises UserError where it is damaged or has not the size that the file says."""
        info = self._infos[name]
        try:
            with self._zip.open(info) as member:
                data = member.read(info.file_size + 1)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError) as error:
            raise UserError(f"its member {name} is damaged ({error}); copy the file again, whole") from None
        if len(data) != info.file_size:
            raise UserError(f"its member {name} has {len(data):,} bytes, not {info.file_size:,}; copy the file again, whole")
        return data


@contextmanager
def open_archive(path: Path) -> Iterator[Archive]:
    """The bundle at ``path``. Raises UserError, in the block too, in one line that names the file."""
    try:
        with path.open("rb") as file:
            if not path.is_file():
                raise UserError("it is no regular file; name one that `scalearn bundle` wrote")
            yield Archive(file, path.stat().st_size)
    except UserError as error:
        raise UserError(f"{path}: {error}", error.exit_code) from None
    except OSError as error:
        raise UserError(
            f"{path} cannot be read ({error.strerror or error}); name a file that `scalearn bundle` wrote"
        ) from None


def write_archive(path: Path, members: Members) -> None:
    """Write the members in the order of their names, deflated, without the times and rights of files."""
    with zipfile.ZipFile(path, "w", allowZip64=False) as archive:
        for name in sorted(members.names):
            info = zipfile.ZipInfo(name, EPOCH)
            info.create_system, info.external_attr, info.compress_type = 3, MODE, zipfile.ZIP_DEFLATED
            archive.writestr(info, members.read(name), compresslevel=6)


def check_name(name: str) -> None:
    """Raises UserError for a name that no member has."""
    parts = name.split("/")
    if len(name) > LONGEST_NAME or len(parts) > MOST_PARTS or not all(map(NAME.fullmatch, parts)):
        raise UserError(f"it has a member called {name[:60]!r}, which no bundle has")


def _check_end(file: BinaryIO, size: int) -> None:
    """The end record must be the last bytes and account for all others, before a directory of any length is read."""
    file.seek(max(0, size - END.size))
    try:
        magic, disk, first_disk, here, count, length, start, comment = END.unpack(file.read(END.size))
    except struct.error:
        raise UserError("it is no zip file; name one that `scalearn bundle` wrote") from None
    if magic != b"PK\x05\x06" or comment:
        raise UserError("it is no bundle, or cut off at its end; copy the file again, whole")
    if disk or first_disk or here != count or start + length + END.size != size:
        raise UserError("it has bytes before or after its members, which no bundle has")
    if count > MOST_MEMBERS or length > count * (CENTRAL_BYTES + LONGEST_NAME):
        raise UserError(f"it has {count:,} members in a directory of {length:,} bytes; a bundle has at most {MOST_MEMBERS:,}")


def _check_members(infos: Iterable[zipfile.ZipInfo]) -> None:
    seen: set[str] = set()
    total = 0
    for info in infos:
        name = info.orig_filename
        check_name(name)
        if name in seen:
            raise UserError(f"its member {name} occurs twice")
        seen.add(name)
        if info.flag_bits or info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise UserError(f"its member {name} is encrypted, or compressed in a way that no bundle is")
        if info.external_attr >> 16 & 0o170000 not in (0, 0o100000):
            raise UserError(f"its member {name} is a link or another special file")
        if info.file_size > MOST_BYTES:
            raise UserError(f"its member {name} has {info.file_size:,} bytes; {MOST_BYTES:,} are read at most")
        if info.file_size > RATIO_ABOVE and info.file_size > MOST_RATIO * info.compress_size:
            raise UserError(f"its member {name} would grow {MOST_RATIO}-fold and more when it is read, which no bundle does")
        total += info.file_size
    if total > MOST_TOTAL:
        raise UserError(f"its members have {total:,} bytes; {MOST_TOTAL:,} are read at most")


def _check_places(file: BinaryIO, infos: Iterable[zipfile.ZipInfo], end: int) -> None:
    """Members follow one another without gaps, so that none overlaps another and nothing is hidden between them."""
    expected = 0
    for info in sorted(infos, key=lambda info: info.header_offset):
        file.seek(expected)
        header = file.read(LOCAL.size)
        if info.header_offset != expected or len(header) < LOCAL.size or LOCAL.unpack(header)[-1]:
            raise UserError(f"its member {info.filename} does not lie where a bundle has it")
        expected += LOCAL.size + len(info.filename) + info.compress_size
    if expected != end:
        raise UserError("it has bytes between its members and their directory, which no bundle has")
