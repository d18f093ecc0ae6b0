# SPDX-License-Identifier: MIT
"""The Celery application of plain.py, in a file of its own as Celery's workers import it by name."""

import os

from celery import Celery

app = Celery("plain", broker=os.environ["PLAIN_BROKER"], backend=os.environ["PLAIN_BROKER"])
app.conf.update(worker_prefetch_multiplier=1, task_acks_late=True)


@app.task
def nothing(job: int) -> int:
    return job
