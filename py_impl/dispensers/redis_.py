# SPDX-License-Identifier: MIT
"""
`redis` and `redis-aof`: a Redis server that somebody else has started (--service), by redis-py. The keys and what is in them
are docs/interfaces.md's, the same for C, so that workers of either host can serve a manager of the other.

A job is handed out at least once. What a worker that died had taken is given to another, and a worker started in its place; so
is what one that stalled has held for longer than --request-timeout. A job that was given away three times is given up. Each of
these is a failure of the record, as then a job may have been run twice. Where the server comes back within ten seconds all go
on, and what it has lost is handed out again.
"""

from __future__ import annotations

import os
import time
from itertools import islice

from py_impl.contract import RequestFailed
from py_impl.dispensers.message import FILLED, STOP, unpack_done, unpack_jobs
from py_impl.dispensers.work import POLL_S, Receiver, Sender
from py_impl.errors import Impossible, Usage
from py_impl.library import library
from py_impl.models.crash import KIND, how
from py_impl.slots import DONE, EMPTY, FAILED, SLOT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from py_impl.run import Run

RECONNECT_S = 10.0
TRIES = 3  # a job that ended as many workers, or was held for too long as often, is given up
MESSAGES_MAX, BYTES_MAX = 256, 32 << 20  # for each worker, and of all, in the server at once
TOGETHER, ANSWERS = 64, 1000  # messages in one command
# With so many jobs out for each worker the manager leaves the CPU to them for a moment, and takes more answers at once.
BUSY, PAUSE_S = 64, 0.001
GIVE_UP_S = 0.1  # for what is on its way to the server when a run is given up
TICK_S = 1.0  # how often the keys are kept from expiring, and is looked who holds what
EXPIRE_S = 600  # what nobody renews or removes expires
WAIT_S = 1.0  # how long a worker waits for a job before it looks whether there is still a manager


class Keys:
    def __init__(self, prefix: str) -> None:
        self.jobs, self.done, self.clock = (prefix + name for name in ("jobs", "done", "clock"))
        self.prefix = prefix

    def taken(self, worker: int) -> str:
        return f"{self.prefix}taken:{worker}"


def url_of(run: Run) -> str:
    name = run.knobs["dispenser"]
    if name not in run.services:
        raise Usage(f"--dispenser {name} needs --service {name}=URL")
    return run.services[name]


def connect(url: str) -> Any:
    redis = library("redis")
    try:
        return redis.Redis.from_url(url, socket_timeout=RECONNECT_S / 2)
    except ValueError as error:
        raise Usage(f"--service: no URL of a Redis server: {error}") from error


def clock_offset(redis: Any) -> tuple[int, int]:
    """The server's TIME less CLOCK_MONOTONIC here, in ns, and how far that may be wrong: of the quickest of eight exchanges."""
    found = []
    for _ in range(8):
        before = time.monotonic_ns()
        seconds, micros = redis.time()
        after = time.monotonic_ns()
        found.append((after - before, (seconds * 1_000_000 + micros) * 1000 - (before + after) // 2))
    took, offset = min(found)
    return offset, took // 2 + 1000


class Patience:
    """What to make of an error of the server's: to wait for it, for so long, or to give up."""

    def __init__(self) -> None:
        self.until = 0.0

    def judge(self, error: Exception) -> float:
        """How long to wait before the next try; raises what there is to say where there is none."""
        from redis.exceptions import BusyLoadingError, ConnectionError, RedisError, TimeoutError

        if isinstance(error, (BusyLoadingError, ConnectionError, TimeoutError, OSError)):
            self.until = self.until or time.monotonic() + RECONNECT_S
            if time.monotonic() > self.until:
                why = f"the Redis server was lost and did not come back within {RECONNECT_S:g} s: {error}"
                raise RequestFailed("BrokerLost", why) from error
            return 0.05
        if not isinstance(error, RedisError):
            raise error
        said = str(error).rpartition("caused error: ")[2]  # redis-py has the whole of a pipeline's command before it
        if said.startswith("OOM"):
            raise RequestFailed("BrokerFull", f"the Redis server is full (maxmemory): {said}") from error
        raise RequestFailed("BrokerRefuses", f"the Redis server refuses: {said}") from error


def patiently(call: Callable[[], object], again: Callable[[], object] | None = None) -> object:
    """What `call` gives, or where the server was away meanwhile, and came back, `again`."""
    patience = Patience()
    while True:
        try:
            return call()
        except Exception as error:
            time.sleep(patience.judge(error))
            call = again or call


class Manager(Sender):
    def __init__(self, run: Run, pool) -> None:
        super().__init__(run)
        self.pool = pool
        self.url = url_of(run)
        self.redis = connect(self.url)
        self.prefix = f"cobench:{os.urandom(8).hex()}:"
        self.keys = Keys(self.prefix)
        self.workers = set(range(run.workers))  # that may have taken something
        at_once = run.workers * self.chunk
        bytes_each = 64 if self.function else 64 + len(self.filler)
        self.most = max(2 * at_once, min(MESSAGES_MAX * at_once, BYTES_MAX // bytes_each))  # jobs in the server at once
        self.tries: dict[int, int] = {}
        self.held: dict[tuple[int, bytes], float] = {}  # worker and the head of a message, and since when it has it
        self.unsure: dict[int, float] = {}  # jobs out whose answer a restart may have cost, and when they are handed out again
        self.ticked = 0.0
        self.stopped = self.given_up = False
        try:
            self.clock = "%d %d" % clock_offset(self.redis)
            self.redis.set(self.keys.clock, self.clock, ex=EXPIRE_S)
        except library("redis").RedisError as error:
            raise Impossible(f"no Redis server answers at --service {run.knobs['dispenser']}: {error}") from error

    def end(self, number: int, kind: type[End] | None = None) -> End:
        end = (kind or End)(number, self.url, self.prefix)
        if not self.run.processes:
            end.manager = self
        return end

    def lanes(self) -> list[LoopEnd]:
        return [self.end(number, LoopEnd) for number in range(self.run.workers)]

    # -- handing out and taking back -----------------------------------------------------------------------------------

    def feed(self) -> None:
        fresh = self.messages()
        # In an open loop who draws the next job waits until it is due.
        together = TOGETHER if self.run.schedule is None else 1
        more = True
        while more or self.out:
            room = (self.most - len(self.out)) // self.chunk if more else 0
            messages = list(islice(fresh, min(together, room)))
            more = more and (room == 0 or bool(messages))
            if room == 0 and len(self.out) > BUSY * self.run.workers:
                time.sleep(PAUSE_S)
            idle = self.exchange(messages, wait=not more or room == len(messages)) == 0
            if idle and not messages or time.monotonic() - self.ticked > TICK_S:
                for number in self.pool.lost():
                    self.replace(number)
                self.tick()
        self.finished()

    def exchange(self, messages: list[bytes], wait: bool) -> int:
        """Hands messages out and takes the answers that are there, or waits for one. How many there were."""
        keys = self.keys

        def ask() -> list:
            self.halt()
            with self.redis.pipeline(transaction=False) as pipe:
                if messages:
                    pipe.rpush(keys.jobs, *messages)
                if wait:
                    pipe.blpop(keys.done, POLL_S)
                pipe.lpop(keys.done, ANSWERS)
                found = pipe.execute()
                first = found[-2] if wait else None
                return ([first[1]] if first else []) + (found[-1] or [])

        answers = patiently(ask, lambda: [self.recover()][:0])
        for message in answers:
            self.take(message)
        return len(answers)

    def take(self, message: bytes) -> int:
        worker = super().take(message)
        self.workers.add(worker)  # one of somebody else's has come
        return worker

    def repeated(self, job: int, worker: int, slot: bytes) -> None:
        slots = self.run.slots
        if slots.runs[job] < 2 if slot == FILLED else SLOT.unpack(slot)[2] == slots.ends[job]:
            return  # the same answer again, after the server was away
        if slot != FILLED:
            slots.copy(job, slot)
        self.note(job, worker, "DoneTwice", f"job {job} was done twice: worker {worker} ended it, too")

    def note(self, job: int | None, worker: int | None, kind: str, text: str) -> None:
        self.run.shared.failed(job, worker, kind, text, None)

    # -- what goes wrong -----------------------------------------------------------------------------------------------

    def give_again(self, jobs: list[int]) -> None:
        """Each in a message of its own, and before all others."""
        jobs = [job for job in jobs if job in self.out]
        messages = [message for job in jobs if (message := self.pack([job]))]
        self.halt()
        if messages:
            patiently(lambda: self.redis.lpush(self.keys.jobs, *messages), self.recover)

    def tried(self, job: int, worker: int, kind: str, why: str) -> bool:
        """Notes that a job has to be given to another; False: it is given up, after too many."""
        self.tries[job] = self.tries.get(job, 0) + 1
        if self.tries[job] < TRIES:
            self.note(job, worker, kind, f"{why}; it was given to another")
            return True
        self.out.discard(job)
        self.run.slots.fail(job)
        self.note(job, worker, "Poisoned", f"{why}; given up after {TRIES} tries")
        return False

    def replace(self, number: int) -> None:
        """Of a worker that is gone: gives to others what it had, and starts one in its place."""
        self.exchange([], wait=False)  # what it has still answered
        redis, taken = self.redis, self.keys.taken(number)
        jobs = {job for message in patiently(lambda: redis.lrange(taken, 0, -1)) for job, _ in unpack_jobs(message)}
        patiently(lambda: redis.delete(taken))
        running = {job for job, worker in self.run.slots.running() if worker == number}
        exitcode = self.pool.bury(number)
        again, named = [], False
        for job in sorted((jobs | running) & self.out):
            self.run.slots.kill_command(job)
            if self.has_ended(job):
                self.out.remove(job)
                continue
            if job in jobs - running and running and self.run.slots.states[job] == EMPTY:
                again.append(job)  # of the same message, and not begun
                continue
            named = True
            if self.tried(job, number, KIND, f"worker {how(exitcode)} {'while running' if job in running else 'with'} job {job}"):
                self.run.slots.states[job] = EMPTY
                again.append(job)
        if not named:
            self.note(None, number, KIND, f"worker {how(exitcode)} while it ran no job")
        self.give_again(again)
        self.pool.start_again(number, self.end(number))

    def has_ended(self, job: int) -> bool:
        """Whether the slots say so, and nothing of an answer that did not come is needed."""
        state = self.run.slots.states[job]
        return state == FAILED or state == DONE and not self.function

    def tick(self) -> None:
        """Keeps the keys, and looks who has held a job for too long."""
        now = self.ticked = time.monotonic()
        redis, keys, limit = self.redis, self.keys, self.run.request_timeout_s
        workers = sorted(self.workers)

        def ask() -> list:
            with redis.pipeline(transaction=False) as pipe:
                for number in workers:
                    pipe.lrange(keys.taken(number), 0, -1)
                for key in (keys.clock, keys.jobs, keys.done, *map(keys.taken, workers)):
                    pipe.expire(key, EXPIRE_S)
                return pipe.execute()

        found = patiently(ask, lambda: [self.recover()][:0])
        if found and not found[len(workers)]:  # somebody has emptied the server
            patiently(self.recover)
        seen = {(number, message[:12]): message for number, messages in zip(workers, found) for message in messages}
        self.held = {key: self.held.get(key, now) for key in seen}
        for key, since in self.held.items():
            if now - since > limit and patiently(lambda key=key: redis.lrem(keys.taken(key[0]), 1, seen[key])):
                self.pool.stalled.add(key[0])
                jobs = [job for job, _ in unpack_jobs(seen[key]) if job in self.out]
                why = "worker has held job {} for more than %g s" % limit
                self.give_again([job for job in jobs if self.tried(job, key[0], "Stalled", why.format(job))])
        overdue = [job for job, until in self.unsure.items() if now > until]
        for job in overdue:
            del self.unsure[job]
        self.give_again(overdue)

    def recover(self) -> None:
        """The server was away: what is out and no longer there is handed out again."""
        self.halt()
        with self.redis.pipeline() as pipe:  # all at one moment
            pipe.set(self.keys.clock, self.clock, ex=EXPIRE_S)
            for key in (self.keys.jobs, *map(self.keys.taken, sorted(self.workers))):
                pipe.lrange(key, 0, -1)
            pipe.lrange(self.keys.done, 0, -1)
            _, *there, done = pipe.execute()
        known = {job for messages in there for message in messages for job, _ in unpack_jobs(message)}
        known |= {job for message in done for job, _, _ in unpack_done(message)[1]}
        states, again = self.run.slots.states, []
        for job in sorted(self.out - known):
            if states[job] == EMPTY:
                again.append(self.pack([job]))
            elif self.has_ended(job):
                self.out.remove(job)  # its answer is lost, or comes twice
            else:
                self.unsure[job] = time.monotonic() + self.run.request_timeout_s  # its worker may still answer
        for at in range(0, len(again), TOGETHER):
            self.redis.rpush(self.keys.jobs, *again[at : at + TOGETHER])

    # -- the end ---------------------------------------------------------------------------------------------------------

    def stop(self, numbers: list[int]) -> None:
        self.stopped = True
        self.halt()
        patiently(lambda: self.redis.rpush(self.keys.jobs, *[STOP] * len(numbers)))

    def close(self) -> None:
        self.remove(self.redis)

    def clean_up(self) -> None:
        """In another thread, where the run is given up and the process about to end."""
        self.given_up = True
        time.sleep(GIVE_UP_S)
        self.remove(connect(self.url))

    def halt(self) -> None:
        """Called before anything is handed out: not any more once the keys are to be removed."""
        while self.given_up:
            time.sleep(GIVE_UP_S)

    def remove(self, redis: Any) -> None:
        from redis.exceptions import RedisError

        keys = self.keys
        try:
            redis.delete(keys.jobs, keys.done, keys.clock, *map(keys.taken, self.workers))
            redis.close()
        except RedisError:
            pass  # with the server they are gone


class End(Receiver):
    def __init__(self, number: int, url: str, prefix: str) -> None:
        self.number, self.url, self.prefix = number, url, prefix
        self.keys = Keys(prefix)
        self.taken = self.keys.taken(number)
        self.message: bytes | None = None  # the last that came
        self.host = 0  # the parent of a worker process
        self.manager: Manager | None = None  # where it is in the same process

    def open(self, run: Run) -> None:
        super().open(run)
        self.host = os.getppid() if run.processes else 0
        self.redis = connect(self.url)
        patiently(self.redis.ping)

    def take(self, answer: bytes | None) -> bytes:
        while True:
            message = patiently(lambda: self.ask(answer).execute()[-1], lambda: self.ask_again(answer).execute()[-1])
            if message is not None:
                self.message = message
                return message
            answer = None
            if self.over():
                return STOP

    def ask(self, answer: bytes | None) -> Any:
        """Commands the last of which gives the next message, or nothing."""
        pipe = self.redis.pipeline(transaction=False)
        if answer is not None:
            pipe.rpush(self.keys.done, answer)
            pipe.lpop(self.taken)
        return pipe.blmove(self.keys.jobs, self.taken, WAIT_S)

    def ask_again(self, answer: bytes | None) -> Any:
        """After the server was away, or its last reply was lost: it may have moved a message here already."""
        pipe = self.redis.pipeline(transaction=False)
        if answer is not None:
            pipe.rpush(self.keys.done, answer)
            pipe.lrem(self.taken, 1, self.message)
        return pipe.lindex(self.taken, 0)

    def over(self) -> bool:
        """Nothing has come for a while: whether nothing ever will, as the word that says so was lost, or the host has gone."""
        if self.manager is not None:
            return self.manager.stopped
        return self.host != 0 and os.getppid() != self.host

    def close(self) -> None:
        self.redis.close()


class LoopEnd(End):
    """Of one of a loop's coroutines."""

    async def open(self, run: Run) -> None:
        Receiver.open(self, run)
        from redis.asyncio import Redis, UnixDomainSocketConnection

        if self.url.startswith("unix:"):  # whose lost connection redis-py 4 calls by names that it does not have
            UnixDomainSocketConnection.host, UnixDomainSocketConnection.port = self.url, 0
        self.redis = Redis.from_url(self.url, socket_timeout=RECONNECT_S / 2)
        await self.redis.ping()

    async def take(self, answer: bytes | None) -> bytes:
        from asyncio import sleep

        patience, ask = Patience(), self.ask
        while True:
            try:
                message = (await ask(answer).execute())[-1]
            except Exception as error:
                await sleep(patience.judge(error))
                ask = self.ask_again
                continue
            if message is not None:
                self.message = message
                return message
            if self.over():
                return STOP
            patience, ask, answer = Patience(), self.ask, None

    async def close(self) -> None:
        await self.redis.close()
