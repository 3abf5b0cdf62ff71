"""How the ``main`` of a child process ends: an exit code, and for a refusal one line on standard error.

The terminal starts such processes (``scalearn_tui/children/child.py``), so that no command loads what only they need.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

from engine.errors import UserError, database_trouble

INTERRUPTED = 130


def exit_code_of(work: Callable[[], None]) -> int:
    """Do the work: 0, the code of a UserError, whose message becomes one line, 1 without a registry, or 130 after Ctrl-C.

    Any other exception passes: Python prints the traceback and exits with 1, which the parent reports as a crash.
    """
    try:
        work()
    except UserError as error:
        print(" ".join(str(error).split("\n")), file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:
        if (message := database_trouble(error)) is None:
            raise
        print(message, file=sys.stderr)
        return 1
    return 0
