"""Exit codes of all commands."""

from enum import IntEnum

from engine import child_main


class ExitCode(IntEnum):
    """What the shell sees."""

    OK = 0
    FAILURE = 1
    """A failure that is not the user's mistake."""
    USAGE = 2
    """Bad input, or something is missing; nothing was changed."""
    NOTHING_MATCHED = 3
    UNSUCCESSFUL = 4
    """A run failed, was stopped or was lost."""
    INTERRUPTED = child_main.INTERRUPTED
    """Ctrl-C; runs that were started go on."""
