"""The process that trains one run: ``python -m engine.training.worker RUN_ID --attempt N --home FOLDER``.

It exits with a ``WorkerExit``. SIGTERM requests it to save and stop; a second one has no effect.
"""

from __future__ import annotations

import argparse
import gc
import logging
import sys
from pathlib import Path

from engine.files.home import Home
from engine.training.termination import Termination


def main(arguments: list[str] | None = None) -> int:
    termination = Termination()
    parser = argparse.ArgumentParser(prog="python -m engine.training.worker", description="Train one run of the registry.")
    parser.add_argument("run_id")
    parser.add_argument("--attempt", type=int, required=True)
    parser.add_argument("--home", type=Path, required=True)
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S", stream=sys.stdout)
    # Modules stay: looking for garbage among them again and again takes a tenth of the start. An attempt ends this.
    gc.disable()
    from engine.errors import UserError
    from engine.registry.store import open_store
    from engine.training.attempt import work
    from engine.training.patience import patiently
    from engine.worker_exit import WorkerExit

    try:
        store = patiently(lambda: open_store(Home(options.home), migrate=False))
    except UserError as error:
        # The supervisor takes the cause from the log's last line.
        logging.getLogger("worker").error(str(error))
        return WorkerExit.FAILED
    return work(store, options.run_id, options.attempt, termination)


if __name__ == "__main__":
    sys.exit(main())
