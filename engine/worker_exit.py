"""Exit codes of a worker process: its report to the supervisor, beside what it wrote to the registry."""

from enum import IntEnum


class WorkerExit(IntEnum):
    COMPLETED = 0
    FAILED = 1
    FENCED = 3
    """A newer attempt of the run exists; nothing was published."""
    STOPPED = 75
    """Asked to stop; saved, and can be resumed."""
