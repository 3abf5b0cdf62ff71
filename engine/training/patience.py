"""Writes that wait: for a registry that another program has locked, and for a disk that is full for a while."""

from __future__ import annotations

import errno
import logging
import time
from collections.abc import Callable
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
PASSING = ("locked", "busy", "is full", "disk i/o error", "connection", "could not connect", "server closed")
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
    return is_full(error)


def is_full(error: Exception) -> bool:
    """Whether a disk or a quota is full."""
    # safetensors gives the system's error number only in its text.
    return getattr(error, "errno", None) in FULL or any(f"(os error {number})" in str(error) for number in FULL)


def reason(error: Exception) -> str:
    """The error as a person would put it, in one line."""
    if isinstance(error, UserError):
        return str(error)
    if isinstance(error, OperationalError):
        return f"the registry cannot be written ({error.orig})"
    return f"the disk is full ({str(error).splitlines()[0]})"
