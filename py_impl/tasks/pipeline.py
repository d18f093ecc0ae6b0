# SPDX-License-Identifier: MIT
"""
Producers and consumers. Job j is item j / stages in stage j mod stages. A stage takes its items one by one and in order, each
when the stage before is done with it, and where it would be too far ahead of the stage behind waits until that has caught up: what
a bounded queue between the two does. The middle stage is the slowest, which no pipeline outruns.
"""

from py_impl.contract import DELAY, INT, IO, RESULTS, Param, Request
from py_impl.tasks.lib.needs import ASK_NOTHING, Needs, ask, total
from py_impl.tasks.lib.steps import steps_param, take_steps

NAME = "pipeline"
ABOUT = "items through stages in order, a bounded number between two of them: producers and consumers"
KIND = IO
ASKS = RESULTS
JOBS = 300
PARAMS = (
    Param("stages", INT, "3", "how many stages each item passes; job j is item j / stages in stage j mod stages", 1, 1000),
    Param("bound", INT, "16", "how many items a stage has begun, at most, that the next one has not done", 1, 1_000_000),
    Param("delay", INT, "2000", "how long a job of the middle stage waits, in microseconds; of the others half of it", 0, 3_600_000_000),
    steps_param("1000"),
)


class Pipeline(Needs):
    __slots__ = ("stages", "bound", "delays", "sums")

    def __init__(self, params, jobs):
        super().__init__(jobs, params["steps"])
        self.stages = stages = params["stages"]
        self.bound = params["bound"]
        ns = params["delay"] * 1000
        self.delays = [_delay(ns if stage == stages // 2 else ns // 2) for stage in range(stages)]
        self.sums = {}  # by job, from when what it needs is there until it has waited its delay

    def delay(self, job):
        """What its stage takes."""
        return self.delays[job % self.stages]


def _delay(ns):
    return Request(DELAY, ns) if ns > 0 else ASK_NOTHING


def open(params, jobs):
    return Pipeline(params, jobs)


def request(pipeline, worker, job):
    stages, bound = pipeline.stages, pipeline.bound
    item, stage = divmod(job, stages)
    jobs = []
    if stage > 0:
        jobs.append(job - 1)
    if item > 0:
        jobs.append(job - stages)
    if stage + 1 < stages and item >= bound:
        jobs.append((item - bound) * stages + stage + 1)
    pipeline.sums[job] = job
    return ask(tuple(jobs)) if jobs else pipeline.delay(job)


def more(pipeline, worker, job, step, reply):
    if reply is None:
        return None
    pipeline.sums[job] = total(job, reply)
    return pipeline.delay(job)


def run(pipeline, worker, job, reply):
    return take_steps(pipeline.sums.pop(job), pipeline.steps)
