"""Writes that wait: for a registry that another program has locked, and for a disk that is full or read-only for a while."""

from __future__ import annotations

import errno
import logging
import time
from collections.abc import Callable, Collection
from typing import TypeVar

from safetensors import SafetensorError
from sqlalchemy.exc import OperationalError

from engine.errors import UserError

T = TypeVar("T")
PATIENCE = 600.0
"""Seconds until a write is given up; SQLite itself waits for half a minute within each attempt."""
SHORTEST, LONGEST = 0.5, 10.0
"""Seconds between attempts."""
FULL = (errno.ENOSPC, errno.EDQUOT)
READ_ONLY = (errno.EROFS,)
PASSING = (
    "locked", "busy", "is full", "readonly", "unable to open", "disk i/o error", "connection", "could not connect",
    "server closed",
)  # fmt: skip
"""In what databases say where another attempt may succeed; not of a missing table."""
log = logging.getLogger(__name__)


def patiently(write: Callable[[], T], hurried: Callable[[], bool] = lambda: False) -> T:
    """What ``write`` returns, after it was repeated as long as its error may pass.

    Raises the error after ``PATIENCE`` seconds, or when ``hurried`` says that nobody waits any longer.
    """
    began, wait = time.monotonic(), SHORTEST
    while True:
        try:
            return write()
        except (OperationalError, OSError, SafetensorError, UserError) as error:
            if not may_pass(error) or time.monotonic() - began > PATIENCE or hurried():
                raise
            log.warning("%s; trying again in %g s", reason(error), wait)
        time.sleep(wait)
        wait = min(2 * wait, LONGEST)


def may_pass(error: Exception) -> bool:
    """Whether the same write may succeed later; of a UserError, what it was raised from decides."""
    if isinstance(error, UserError):
        return isinstance(error.__cause__, Exception) and may_pass(error.__cause__)
    if isinstance(error, OperationalError):
        return any(word in str(error.orig).lower() for word in PASSING)
    return is_full(error) or is_read_only(error)


def is_full(error: Exception) -> bool:
    """Whether a disk or a quota is full."""
    return _has_number(error, FULL)


def is_read_only(error: Exception) -> bool:
    """Whether a disk is mounted so that nobody can write, as Linux does with one that has errors."""
    return _has_number(error, READ_ONLY)


def _has_number(error: Exception, numbers: Collection[int]) -> bool:
    # safetensors gives the system's error number only in its text.
    return getattr(error, "errno", None) in numbers or any(f"(os error {number})" in str(error) for number in numbers)


def reason(error: Exception) -> str:
    """The error as a person would put it, in one line."""
    if isinstance(error, UserError):
        return str(error)
    if isinstance(error, OperationalError):
        return f"the registry cannot be written ({error.orig})"
    return f"the disk is {'full' if is_full(error) else 'read-only'} ({str(error).splitlines()[0]})"
