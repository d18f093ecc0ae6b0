# SPDX-License-Identifier: MIT
"""
The event loops that `async` can run on (--loop): each runs a coroutine to its end, several side by side, sleeps, and calls
what blocks in a thread, and has semaphores and events. Only the one that is used is imported.
"""

from __future__ import annotations

from py_impl.library import library

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine


class Asyncio:
    def __init__(self) -> None:
        import asyncio

        self.run: Callable[[Coroutine], object] = asyncio.run
        self.sleep, self.to_thread, self._gather = asyncio.sleep, asyncio.to_thread, asyncio.gather
        self.semaphore, self.event = asyncio.Semaphore, asyncio.Event
        self._current, self._running, self._all = asyncio.get_running_loop, None, asyncio.all_tasks

    async def side_by_side(self, coroutines: list[Awaitable]) -> None:
        self._running = self._current()
        await self._gather(*coroutines)

    # -- of another thread, while the loop waits -----------------------------------------------------------------------

    def is_idle(self) -> bool:
        """Whether it waits for nothing but to be called by a thread of this process. Of another kind of loop that is not known."""
        selector = getattr(self._running, "_selector", None)
        return selector is not None and len(selector.get_map()) == 1  # the pair of sockets by which it is woken

    def waiting(self) -> list[object]:
        """The coroutines that have begun and not ended."""
        return [task.get_coro() for task in self._all(self._running)]


class Uvloop(Asyncio):
    def __init__(self) -> None:
        super().__init__()
        from asyncio import Runner

        uvloop = library("uvloop")
        self.run = lambda coroutine: Runner(loop_factory=uvloop.new_event_loop).run(coroutine)


class Trio:
    def __init__(self) -> None:
        import warnings

        self._trio = trio = library("trio")
        warnings.simplefilter("ignore", trio.TrioDeprecationWarning)  # of what other libraries use of it
        self.sleep, self.to_thread, self.semaphore, self.event = trio.sleep, trio.to_thread.run_sync, trio.Semaphore, trio.Event

    def is_idle(self) -> bool:
        return False  # not known

    def waiting(self) -> list[object]:
        return []

    def run(self, coroutine: Coroutine) -> object:
        return self._trio.run(lambda: coroutine)

    async def side_by_side(self, coroutines: list[Coroutine]) -> None:
        async with self._trio.open_nursery() as nursery:
            for coroutine in coroutines:
                nursery.start_soon(lambda coroutine=coroutine: coroutine)


LOOPS = {"asyncio": Asyncio, "uvloop": Uvloop, "trio": Trio}
