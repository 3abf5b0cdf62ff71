"""``python -m tests.training.traced_worker ARGUMENT...``: a worker whose last line says which modules it had to load."""

from __future__ import annotations

import json
import sys

from engine.training import worker

if __name__ == "__main__":
    before = set(sys.modules)
    code = worker.main(sys.argv[1:])
    print(json.dumps(sorted(set(sys.modules) - before)))
    sys.exit(code)
