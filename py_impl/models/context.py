# SPDX-License-Identifier: MIT
"""What the pools of processes have of multiprocessing."""

from __future__ import annotations

import multiprocessing
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from multiprocessing.context import BaseContext

    from py_impl.run import Run


def context_of(run: Run) -> BaseContext:
    """The context of the run's start method, with what runs beside workers that are not forked here started."""
    # Under spawn a process of multiprocessing's own clears up semaphores after a host that was cut off. It need not
    # say so. Where it is cut off too, the driver does, by their names.
    sys.warnoptions.append("ignore:resource_tracker")
    if "COBENCH_SCRATCH" in os.environ:
        multiprocessing.current_process()._config["semprefix"] = "/" + os.path.basename(os.environ["COBENCH_SCRATCH"])
    if run.opens_in_workers:
        run.watchdog.start_tracker(run.start_method)
    return multiprocessing.get_context(run.start_method)
