"""A call that blocks, in a coroutine: as long as it lasts nothing else on the loop goes on."""

import asyncio
import time


async def blocking(job):
    await asyncio.sleep(0.01)
    time.sleep(0.15)  # as a driver that knows no asyncio
    return job


async def offloaded(job):
    await asyncio.sleep(0.01)
    await asyncio.to_thread(time.sleep, 0.15)
    return job
