# SPDX-License-Identifier: MIT
"""
Commands of a Redis server by redis-py, blocking: one connection, opened with the client. One that breaks costs the job that had
it, as nobody knows whether its command was done; the next one opens it again. c_impl/transport/cache.c takes the same steps.
"""

from __future__ import annotations

import redis
from redis.backoff import NoBackoff
from redis.exceptions import InvalidResponse, ResponseError
from redis.retry import Retry

from py_impl.contract import BAD_REPLY, CONNECTION_CLOSED, TIMEOUT, TRANSPORT, Reply, Request, RequestFailed
from py_impl.errors import Impossible, Usage
from py_impl.transport.client import explained

TYPE_CHECKING = False
if TYPE_CHECKING:
    from py_impl.transport import Options

KINDS = ((redis.TimeoutError, TIMEOUT), (ResponseError, "ErrorReply"), (InvalidResponse, BAD_REPLY))


class Server:
    """Where it is, and what its errors are called."""

    def __init__(self, options: Options) -> None:
        self.url, self.timeout_s = options.service, options.timeout_s
        self._shown = self.url.rpartition("@")[2]  # without a password

    def pool(self, kind: type, retry: type, connected: object) -> object:
        """`connected` is called with each connection that opens, in the place of the library's own greeting."""
        never = retry(NoBackoff(), 0)  # which is the default of older versions only: a command may have been done
        try:
            return kind.from_url(self.url, socket_timeout=self.timeout_s, redis_connect_func=connected, retry=never)
        except ValueError as error:
            raise Usage(f"--service: no URL of a Redis server: {error}") from error

    def not_opened(self, error: redis.RedisError) -> Impossible:
        """Why there is no connection: nobody is there, or does not take us."""
        if isinstance(error.__context__, OSError):
            return Impossible(f"no Redis server answers at {self._shown}: {error}")
        return Impossible(f"the Redis server at {self._shown} says: {error}")

    def failed(self, error: Exception) -> RequestFailed:
        failed = explained(error, KINDS, self._shown, self.timeout_s)
        if failed.kind == TRANSPORT and isinstance(error, redis.ConnectionError):
            failed.kind = CONNECTION_CLOSED
        return failed


def reply_of(value: object) -> Reply:
    if value is None:
        return Reply(0, b"")
    if isinstance(value, int):
        return Reply(1, b"%d" % value)
    if not isinstance(value, bytes):
        raise RequestFailed(BAD_REPLY, "neither a string nor an integer nor nil")
    return Reply(1, value)


class Client:
    def __init__(self, options: Options) -> None:
        def greet(connection: redis.Connection) -> None:
            connection.on_connect()
            connection.send_command("PING", check_health=False)
            connection.read_response()  # else nobody knows whether the server takes us
            options.connected()

        self._server = Server(options)
        pool = self._server.pool(redis.ConnectionPool, Retry, greet)
        try:
            self._redis = redis.Redis(connection_pool=pool, single_connection_client=True)
        except redis.RedisError as error:
            raise self._server.not_opened(error) from error
        self._redis.response_callbacks.clear()  # values as they come

    def close(self) -> None:
        self._redis.connection.disconnect()

    def get(self, request: Request, job: int) -> Reply:
        try:
            value = self._redis.execute_command(*request.words)
        except Exception as error:  # whatever the library may raise
            raise self._server.failed(error) from error
        return reply_of(value)
