# SPDX-License-Identifier: MIT
"""How long the machine kept us waiting meanwhile: what a promise in seconds may take longer by.

A thread sleeps for a moment again and again; what it oversleeps is time in which nobody could have run. "Within a second"
stays a second on a quiet machine, and another process that holds the CPU for two is no failure of what is tested.
"""

from __future__ import annotations

import threading
import time

MOMENT_S = 0.005
USUAL_S = 0.002  # oversleeping by less is how sleeping is


class Lag:
    def __init__(self) -> None:
        self.seconds = 0.0
        self._began = time.monotonic()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._sleep, daemon=True)

    def _sleep(self) -> None:
        while not self._over.is_set():
            began = time.monotonic()
            time.sleep(MOMENT_S)
            late = time.monotonic() - began - MOMENT_S
            self.seconds += late if late > USUAL_S else 0.0

    def __enter__(self) -> Lag:
        self._began = time.monotonic()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def within(self, seconds: float) -> bool:
        """Whether no more than this has passed since the beginning, but for what the machine took."""
        return time.monotonic() - self._began < seconds + self.seconds
