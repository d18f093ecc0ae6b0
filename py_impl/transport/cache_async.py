# SPDX-License-Identifier: MIT
"""Commands of a Redis server by redis.asyncio: its pool has a connection for each request in flight, all opened before the gate."""

from __future__ import annotations

import redis
from redis import asyncio
from redis.asyncio.retry import Retry

from py_impl.contract import Reply, Request
from py_impl.transport.cache import Server, reply_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from py_impl.transport import Options


class Client:
    def __init__(self, options: Options) -> None:
        async def greet(connection: asyncio.Connection) -> None:
            await connection.on_connect()
            await connection.send_command("PING", check_health=False)
            await connection.read_response()  # as in cache.py
            options.connected()

        self._server = Server(options)
        self._redis = asyncio.Redis(connection_pool=self._server.pool(asyncio.ConnectionPool, Retry, greet))
        self._redis.response_callbacks.clear()  # values as they come

    async def connect(self, in_flight: int) -> None:
        pool = self._redis.connection_pool
        try:
            opened = [await pool.get_connection("_") for _ in range(in_flight)]
        except redis.RedisError as error:
            raise self._server.not_opened(error) from error
        for connection in opened:
            await pool.release(connection)

    async def close(self) -> None:
        await self._redis.connection_pool.disconnect()

    async def get(self, request: Request, job: int) -> Reply:
        try:
            value = await self._redis.execute_command(*request.words)
        except Exception as error:  # whatever the library may raise
            raise self._server.failed(error) from error
        return reply_of(value)
