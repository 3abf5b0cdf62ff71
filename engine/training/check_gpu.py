"""Whether torch can use a GPU: ``python -m engine.training.check_gpu UUID`` prints ``{device, precision}`` or says why not."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence

from engine.child_main import exit_code_of
from engine.training.device import choose_device


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m engine.training.check_gpu", description="Check one GPU.")
    parser.add_argument("uuid")
    os.environ["CUDA_VISIBLE_DEVICES"] = parser.parse_args(arguments).uuid
    return exit_code_of(lambda: print(json.dumps(choose_device("auto").describe())))


if __name__ == "__main__":
    sys.exit(main())
