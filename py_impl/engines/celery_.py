# SPDX-License-Identifier: MIT
"""
Celery on Redis: its prefork worker, started here as `celery worker -c W` would, takes one job per process in advance and acknowledges
it when it has ended, so that one whose process died is run again. A job's arguments are its number and its item or payload, its
result the answer (answers.py), by pickle. All keys have a prefix of the run's own.

What Celery leaves open is closed here: a job that kills its process again and again is given up, stalled ones are looked for every
second and not every hundred, and what was run twice, or lost with the broker, is named.
"""

from __future__ import annotations

import logging
import os
import pickle
import time
import warnings
from collections import Counter
from contextlib import suppress
from signal import SIGKILL, SIGRTMIN, SIGTERM, signal

from py_impl.contract import RequestFailed
from py_impl.engines.answers import Answerer, Answers, Tally
from py_impl.engines.supervisor import Parts, Supervisor
from py_impl.errors import Failed, Impossible, Usage
from py_impl.library import library
from py_impl.models.crash import KIND
from py_impl.remote import ROOT, Remote, called
from py_impl.run import Run
from py_impl.watchdog import worker_signals

library("celery")
redis = library("redis")
redis.UnixDomainSocketConnection.host, redis.UnixDomainSocketConnection.port = "unix", 0  # redis-py 4.3 names them in errors

from celery import Celery, Task, bootsteps, group, signals  # noqa: E402
from celery.app import trace  # noqa: E402
from celery.backends.redis import RedisBackend  # noqa: E402
from celery.exceptions import WorkerLostError  # noqa: E402
from celery.result import AsyncResult  # noqa: E402
from celery.states import SUCCESS  # noqa: E402
from celery.worker.request import Request  # noqa: E402
from celery.worker.state import task_ready  # noqa: E402
from kombu.exceptions import InconsistencyError, OperationalError  # noqa: E402

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

EXPIRE_S = 600  # of what a host leaves that was killed together with its supervisor
TRIES = 3  # a job whose process died that often is given up
RECONNECT_S = 10.0  # of a broker that does not answer, and for what it may still have when it is back
IDLE_S = 1.0  # without an answer, until somebody looks whether there is a reason
COOL = SIGRTMIN  # to a process of the pool: close the task, and end; one that the pool's own code leaves alone
ANSWER_S = 20.0  # for the agent of another host to say that it is there
END_S = 10.0  # for worker processes to close their task
RETRY = {"max_retries": 100, "interval_start": 0.1, "interval_step": 0.0, "interval_max": 0.1}  # for RECONNECT_S
WARM = -1  # a job that is none
QUEUE = "jobs"  # behind the prefix: lists of messages, as kombu has them, and what is below
UNACKED, UNACKED_INDEX = "unacked", "unacked_index"  # messages by their tags; tags by when they were taken
KEPT = "kept"  # in the place of a tag, taken never
BINDING = "_kombu.binding." + QUEUE
RUN = "run"  # what workers on other hosts have to know of it
UP, DEATHS = "up", "deaths"  # a list: of each process that the task is open, or why not; a hash: job to how many died of it
AGAIN, TWICE = "again", "twice"  # lists of jobs: that were taken from the broker once more; whose second result was dropped


class JobsLost(Exception):
    """None of those that were waited for will come."""


# -- parts of the application, in both processes --------------------------------------------------------------------------


class Backend(RedisBackend):
    """The result store, with our prefix. Celery drops the second result of a job without a word; here it is noted."""

    def __init__(self, app: Celery, **options) -> None:
        self.prefix = app.conf.broker_transport_options["global_keyprefix"]
        self.task_keyprefix = self.prefix + self.task_keyprefix
        self.group_keyprefix = self.prefix + self.group_keyprefix
        super().__init__(app=app, **options)

    def exception_safe_to_retry(self, error: Exception) -> bool:
        return isinstance(error, self.connection_errors)

    def _store_result(self, task_id: str, *result, **more) -> object:
        self.storing = True
        try:
            return super()._store_result(task_id, *result, **more)
        finally:
            self.storing = False

    def _get_task_meta_for(self, task_id: str) -> dict[str, object]:
        meta = super()._get_task_meta_for(task_id)
        if self.storing and meta["status"] == SUCCESS:
            self.client.rpush(self.prefix + TWICE, task_id)
        return meta

    storing = False


class CountingRequest(Request):
    """
    A job in the worker's main process, which hears of the death of the one that ran it. It is acknowledged at once: kombu before 5.3
    leaves that to its loop, which looks whether it may take another job first and then sleeps until its next timer, for seconds
    (https://github.com/celery/celery/issues/7718).
    """

    def __init__(self, message, **options) -> None:
        super().__init__(message, **{**options, "on_ack": message.ack_log_error})

    def on_failure(self, exc_info, send_failed_event: bool = True, return_ok: bool = False) -> None:
        backend, error = self.task.backend, exc_info.exception
        error = getattr(error, "exc", error)  # it may be wrapped for its traceback
        if isinstance(error, WorkerLostError) and backend.client.hincrby(backend.prefix + DEATHS, self.id, 1) >= TRIES:
            task_ready(self)
            self.acknowledge()
            backend.mark_as_failure(self.id, error, request=self._context, store_result=True)
            return
        super().on_failure(exc_info, send_failed_event, return_ok)


class Poll(bootsteps.StartStopStep):
    """Has the worker look every second for jobs held for longer than the visibility time-out, and put off the keys' expiry."""

    requires = {"celery.worker.consumer.tasks:Tasks"}

    def start(self, consumer) -> None:
        consumer.hub.call_repeatedly(1.0, self.poll, consumer)

    def poll(self, consumer) -> None:
        channel = consumer.task_consumer.channel
        with suppress(*consumer.connection_errors):
            channel.qos.restore_visible(num=channel.unacked_restore_limit, interval=1)
            with own.app.backend.client.pipeline(transaction=False) as pipe:
                pipe.hset(own.prefix + UNACKED, KEPT, 0)  # as what is empty is gone, and its expiry with it
                pipe.zadd(own.prefix + UNACKED_INDEX, {KEPT: "inf"})
                for key in (QUEUE, BINDING, UNACKED, UNACKED_INDEX, UP, DEATHS, AGAIN, TWICE):
                    pipe.expire(own.prefix + key, EXPIRE_S)
                pipe.execute()


def application(url: str, prefix: str, workers: int, visible_s: float) -> Celery:
    """`url` as --service has it: redis://HOST:PORT or unix://PATH."""
    result_url = url.replace("unix://", "socket://")
    app = Celery("cobench", broker=url.replace("unix://", "redis+socket://"), set_as_current=False,
                 backend=f"{Backend.__module__}:{Backend.__name__}+{result_url}")  # fmt: skip
    app.conf.update(
        broker_transport_options={"global_keyprefix": prefix, "visibility_timeout": visible_s},
        broker_connection_max_retries=None,  # for as long as the host lets it
        result_backend_transport_options={"retry_policy": RETRY},
        result_backend_always_retry=True,  # else a job whose result meets a broker that is away has failed
        result_expires=int(visible_s) + 60,  # seconds; results are taken as they come
        task_publish_retry_policy=RETRY,
        task_default_queue=QUEUE, task_acks_late=True, task_reject_on_worker_lost=True,
        task_serializer="pickle", result_serializer="pickle", accept_content=["pickle"],
        worker_concurrency=workers, worker_prefetch_multiplier=1, worker_enable_remote_control=False,
    )  # fmt: skip
    app.steps["consumer"].add(Poll)
    app.task(run_job, name="job", bind=True, Request=f"{__name__}:{CountingRequest.__name__}")
    for name in ("celery", "kombu", "multiprocessing"):  # what they would say the record does
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    return app


# -- in the worker's processes ------------------------------------------------------------------------------------------


class Own:
    run: Run
    app: Celery
    prefix: str
    tally: Tally | None = None
    first = 0  # the number of this host's first worker
    answerer: Answerer | None = None


own = Own()


def serve(run: Run, app: Celery, prefix: str) -> None:
    """The worker's main process: forks those of its pool and hands them what it takes from the broker. Does not return."""
    own.run, own.app, own.prefix = run, app, prefix
    worker_signals()
    warnings.simplefilter("ignore")
    app.log.already_setup = True
    signals.worker_process_init.connect(warm)
    worker = app.WorkController(app=app, pool_cls="prefork", without_gossip=True, without_mingle=True,
                                without_heartbeat=True)  # fmt: skip
    trace.setup_worker_optimizations(app, worker.hostname)
    signal(SIGTERM, lambda *_: end_pool(worker.pool._pool._pool))
    worker.start()
    os._exit(1)


def serve_away(url: str, prefix: str, first: str, count: str) -> None:
    """The same on another host, where nothing is inherited: what there is to know of the run lies in Redis."""
    run = Run()
    run.__setstate__(pickle.loads(redis.Redis.from_url(url).get(prefix + RUN)))
    run.start_method = "fork"  # of the processes here
    run.load()
    own.first = int(first)
    serve(run, application(url, prefix, int(count), run.request_timeout_s), prefix)


def end_pool(processes: list) -> None:
    """Has the pool's processes close their task, and ends with them: a pool that is closed takes its time."""
    for process in processes:
        with suppress(OSError):
            os.kill(process.pid, COOL)
    until = time.monotonic() + END_S
    for process in processes:
        with suppress(OSError):
            while not os.waitpid(process.pid, os.WNOHANG)[0]:
                if time.monotonic() > until:
                    os.kill(process.pid, SIGKILL)
                time.sleep(0.001)
    os._exit(0)


def warm(**_) -> None:
    """A process of the pool."""
    from billiard.process import current_process

    number, trouble = own.first + current_process().index, ""
    try:
        own.run.enter_process()
        own.answerer = Answerer(own.run, number, own.tally)
    except (Exception, SystemExit) as error:  # whatever a task may raise
        trouble = f"worker {number} does not open: {type(error).__name__}: {error}"
    signal(COOL, cool)
    own.app.backend.client.rpush(own.prefix + UP, trouble)


def cool(*_) -> None:
    own.answerer.close()
    os._exit(0)


def run_job(self: Task, job: int, item: object) -> bytes:
    if job == WARM:
        return b""
    if self.request.delivery_info["redelivered"]:
        own.app.backend.client.rpush(own.prefix + AGAIN, job)
    return own.answerer.answer(job, item)


# -- in the host ------------------------------------------------------------------------------------------------------


def run(run: Run) -> None:
    work(run, Engine.one_by_one)


def work(run: Run, hand_over: Callable[[Engine], None]) -> None:
    try:
        try:
            Engine(run).work(hand_over)
        except redis.RedisError as error:
            raise broker_failure(error) from error
    except RequestFailed as error:
        run.worker_failed(None, error)
        raise Failed(f"{error.kind}: {error}") from error


def broker_failure(error: Exception) -> RequestFailed:
    """What there is to say of a broker that does not come back, or says no."""
    if "OOM" in str(error):
        return RequestFailed("BrokerFull", f"Redis is full (maxmemory): {error}")
    return RequestFailed("BrokerLost", f"Redis does not answer for {RECONNECT_S:g} s: {error}")


class Engine:
    def __init__(self, run: Run) -> None:
        url = run.services.get("redis")
        if url is None:
            raise Usage("celery needs --service redis=URL")
        self.run = run
        self.answers = Answers(run)
        self.prefix = f"cobench:{self.answers.token}:"
        self.url = url
        self.remote: Remote | None = None
        self.app = application(url, self.prefix, run.workers, run.request_timeout_s)
        self.job = self.app.tasks["job"]
        self.redis = redis.Redis.from_url(url, socket_timeout=RECONNECT_S)
        self.waiting: dict[str, AsyncResult] = {}  # kept, as Celery's own references are weak
        self.heard_at = 0.0
        self.broken_at: float | None = None

    def work(self, hand_over: Callable[[Engine], None]) -> None:
        run = self.run
        run.gate_cold()
        try:
            self.server = self.known_server()
        except redis.RedisError as error:
            raise Impossible(f"Redis does not answer: {error}") from error
        self.redis.close()  # before the fork
        self.supervisor = Supervisor(run, self.begin, self.sweep)
        if run.hosts:
            self.begin_away()
        self.wait_until_warm()
        run.gate()
        hand_over(self)
        self.answers.over()
        self.note_what_ran_again()
        run.end_pause_all()
        if self.remote is not None:
            self.remote.end(END_S)
        self.supervisor.end(gently=hasattr(run.task, "worker_close"))

    def known_server(self) -> str:
        """Which run of a server this is."""
        return self.redis.info("server")["run_id"]

    def begin(self, parts: Parts) -> None:
        if not self.run.hosts:
            own.tally = self.answers.tally
            parts.start("the Celery worker", lambda: serve(self.run, self.app, self.prefix))

    def begin_away(self) -> None:
        """A worker on each host, with so many processes as it takes."""
        run = self.run
        self.redis.set(self.prefix + RUN, pickle.dumps(run.away()), ex=3600)
        words = called(serve_away, self.url, self.prefix, "{first}", "{count}")
        self.remote = Remote(run.hosts, run.launcher, run.workers, ROOT, words, ANSWER_S)
        self.answers.offset_ns = self.remote.offset_ns

    def sweep(self) -> None:
        """In the supervisor's process."""
        with suppress(redis.RedisError):
            while keys := list(self.redis.scan_iter(self.prefix + "*", 1000)):
                self.redis.delete(*keys)

    # -- set-up ---------------------------------------------------------------------------------------------------------

    def wait_until_warm(self) -> None:
        """Until every process has the task open; then each runs a job that is none, which makes the connections."""
        for _ in range(self.run.workers):
            while (up := self.redis.blpop(self.prefix + UP, 1)) is None:
                self.check_engine()
            if up[1]:
                raise Failed(up[1].decode(errors="replace"))
        for number in range(self.run.workers):
            self.send(WARM, f"warm-{number}")
        while self.waiting:
            self.drain()

    def check_engine(self) -> None:
        self.supervisor.hear(0)
        for _, status, host in self.remote.ended() if self.remote is not None else ():
            raise Failed(f"the Celery worker on host {host} has ended with status {status}")

    # -- the jobs -------------------------------------------------------------------------------------------------------

    def one_by_one(self) -> None:
        answers, waiting = self.answers, self.waiting
        while jobs := answers.draw(1):
            while len(waiting) >= answers.window:
                self.drain()
            self.send(jobs[0], str(jobs[0]))
            self.drain(0)
        while waiting:
            self.drain()

    def in_groups(self) -> None:
        answers, job = self.answers, self.job
        while jobs := answers.draw(answers.window):
            sent = self.sure(group([job.s(n, answers.item(n)).set(task_id=str(n)) for n in jobs]).apply_async)
            self.heard_at = time.monotonic()
            with suppress(JobsLost):
                for task_id, meta in sent.iter_native(on_interval=self.check):
                    self.take(task_id, meta["status"], meta["result"])

    def send(self, job: int, task_id: str) -> None:
        item = None if job == WARM else self.answers.item(job)
        result = self.sure(lambda: self.job.apply_async((job, item), task_id=task_id))
        self.waiting[task_id] = result
        result.then(self.answered)

    def sure(self, send) -> object:
        """Sends: again where the broker comes back in time."""
        until = time.monotonic() + RECONNECT_S
        while True:
            try:
                return send()
            except (OperationalError, InconsistencyError, redis.RedisError) as error:
                if time.monotonic() > until or "OOM" in str(error):
                    raise broker_failure(error) from error
                time.sleep(0.05)

    def answered(self, result: AsyncResult) -> None:
        if self.waiting.pop(result.id, None) is not None:
            self.take(result.id, result.state, result.result)

    def take(self, task_id: str, state: str, answer: object) -> None:
        self.heard_at, self.broken_at = time.monotonic(), None
        if state == SUCCESS:
            if answer:
                self.answers.take(answer)
        elif not task_id.isdigit():
            raise Failed(f"a worker process died before it ran any job: {answer}")
        elif int(task_id) not in self.answers.in_flight:
            pass  # it was given up
        elif isinstance(answer, WorkerLostError):
            self.answers.lose(int(task_id), "Poisoned", f"given up after {TRIES} worker processes died of it: {answer}")
        else:
            self.answers.lose(int(task_id), type(answer).__name__, str(answer))

    def drain(self, seconds: float = IDLE_S) -> None:
        """Waits for an answer, and takes it. Celery itself connects again, as RETRY says."""
        self.app.backend.result_consumer.drain_events(timeout=seconds)
        if seconds:
            with suppress(JobsLost):
                self.check()

    # -- what may be the matter -------------------------------------------------------------------------------------------

    def check(self) -> None:
        """Where nothing has come for a while: whether there is a reason. JobsLost where nothing will."""
        now = time.monotonic()
        if now - self.heard_at < IDLE_S:
            return
        self.heard_at = now
        self.check_engine()
        try:
            self.redis.set(self.prefix + "probe", 1, ex=60)
            restarted = self.known_server() != self.server
        except redis.ConnectionError:
            return  # whoever waits for answers sees it, too
        if not restarted:
            return
        if self.broken_at is None:
            self.broken_at = now
        elif now - self.broken_at > RECONNECT_S:
            self.give_up_lost()

    def give_up_lost(self) -> None:
        if self.redis.llen(self.prefix + QUEUE) or self.redis.zcount(self.prefix + UNACKED_INDEX, 0, "(+inf"):
            return
        self.server, self.broken_at = self.known_server(), None
        for job in sorted(self.answers.in_flight):
            self.answers.lose(job, "BrokerLost", "it was in Redis when that was ended, and not when it was back")
        self.waiting.clear()
        raise JobsLost

    def note_what_ran_again(self) -> None:
        deaths = Counter({int(job): int(times) for job, times in self.redis.hgetall(self.prefix + DEATHS).items()})
        again = Counter(map(int, self.redis.lrange(self.prefix + AGAIN, 0, -1)))
        twice = Counter(map(int, self.redis.lrange(self.prefix + TWICE, 0, -1)))
        for job, times in sorted(deaths.items()):
            if times < TRIES:
                self.answers.note(job, KIND, f"{times} worker process(es) died while running job {job}; Celery ran it again")
        idle = self.redis.llen(self.prefix + UP) - sum(deaths.values())  # each that was started in another's place has come up
        if idle > 0:
            self.answers.note(None, KIND, f"{idle} worker process(es) died while they ran no job; Celery started others")
        limit = f"{self.run.request_timeout_s:g} s"
        for job in sorted(again - deaths):
            self.answers.twice(job, "Stalled", f"a worker has held job {job} for more than {limit}, or had lost the broker; it was given"
                                               " to another")  # fmt: skip
        for job in sorted(twice):
            self.answers.twice(job, "DoneTwice", f"job {job} was done twice: Celery dropped the second result")
