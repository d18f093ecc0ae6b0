"""An event loop has one thread and races all the same: at each `await` another job may run."""

import asyncio

balance = 0
lock = asyncio.Lock()


async def unsafe(job):
    global balance
    seen = balance
    await asyncio.sleep(0.005)  # as for a query
    balance = seen + 1
    return balance


async def safe(job):
    async with lock:
        return await unsafe(job)


async def at_once(job):
    """Nothing else runs between two awaits: where the reading waits for nothing, there is no race."""
    global balance
    await asyncio.sleep(0.005)
    balance += 1
    return balance
