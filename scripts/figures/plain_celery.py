# SPDX-License-Identifier: MIT
"""
The Celery application of plain.py, in a file of its own as Celery's workers import it by name. A job is acknowledged at once,
which kombu 5.3 brings about and earlier ones put off until the next timer (https://github.com/celery/celery/issues/7718).
"""

import os

from celery import Celery
from celery.worker.request import Request

app = Celery("plain", broker=os.environ["PLAIN_BROKER"], backend=os.environ["PLAIN_BROKER"])
app.conf.update(worker_prefetch_multiplier=1, task_acks_late=True)


class Prompt(Request):
    def __init__(self, message, **options) -> None:
        super().__init__(message, **{**options, "on_ack": message.ack_log_error})


@app.task(Request=f"{__name__}:Prompt")
def nothing(job: int) -> int:
    return job
