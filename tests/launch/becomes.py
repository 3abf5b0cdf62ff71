"""``python -m tests.launch.becomes COMMAND...``: a worker that becomes any other program, so that a forked one can be that."""

from __future__ import annotations

import os
import sys

if __name__ == "__main__":
    os.execvp(sys.argv[1], sys.argv[1:])
