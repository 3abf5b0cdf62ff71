"""What a worker takes of its machine, sampled into curves of their own, ``system/...``.

A point's step is the second of training at which it was taken, over all attempts.
"""

from __future__ import annotations

import os
import threading
import time
from typing import Any

from engine.gpu_driver import GIB, driver
from engine.training.device import GPU_NAMES
from engine.training.metric_writer import MetricWriter

SECONDS = 5.0
"""Between samples, at least."""
SHARE = 1 / 200
"""Of the time since the beginning between samples, at least: a run of a day has some hundreds of points, not thousands."""


class SystemMetrics:
    """Samples from a thread while its block runs."""

    def __init__(self, writer: MetricWriter, seconds: float) -> None:
        """``seconds`` were spent on training by earlier attempts."""
        self._writer, self._seconds = writer, seconds
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._work, name="system-metrics", daemon=True)

    def __enter__(self) -> SystemMetrics:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _work(self) -> None:
        began, sampler = time.monotonic(), None
        while not self._done.wait(max(SECONDS, SHARE * (time.monotonic() - began))):
            # Short runs do not pay for it.
            sampler = sampler or Sampler()
            second = round(self._seconds + time.monotonic() - began)
            for name, value in sampler.sample().items():
                self._writer.point(f"system/{name}", second, 0.0, value)


class Sampler:
    """This process and its GPU."""

    def __init__(self) -> None:
        import psutil

        self._process: Any = psutil.Process()
        # Since then, that is from the next call on, it tells what the process used.
        self._process.cpu_percent()
        given = os.environ.get("CUDA_VISIBLE_DEVICES", "")
        self._gpu = given if given.startswith(GPU_NAMES) else None

    def sample(self) -> dict[str, float]:
        """``cpu`` in percent of a core and resident ``memory`` in GiB.

        Of the GPU, whoever uses it, ``gpu`` in percent of the time, ``gpu_memory`` in GiB and ``power`` in W, as far as the
        driver tells them.
        """
        found = {"cpu": self._process.cpu_percent(), "memory": self._process.memory_info().rss / GIB}
        if self._gpu and (use := driver().use(self._gpu)):
            found["gpu_memory"] = (use.total - use.free) / GIB
            if use.utilization is not None:
                found["gpu"] = 100 * use.utilization
            if use.watts is not None:
                found["power"] = use.watts
        return found
