"""Reading one Redis that Feast writes to, found by what Feast calls a connection string."""

import json
from collections import deque
from collections.abc import Sequence
from typing import Any

from redis import ConnectionPool, Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError

from server.features.redis_cells import Hashes, ReadHashes
from server.ranking.memo import PerObject


def hash_reader(connection_string: str) -> ReadHashes | None:
    """Returns what reads a Redis, without connecting to it; None if the string does not name just one.

    Args:
        connection_string: Such as ``host:6379,db=1,ssl=true``, with arguments of `redis.Redis`: JSON or text.

    Raises:
        TypeError: `redis.Redis` has no such argument.
    """
    parts = connection_string.split(",")
    nodes = [part.split(":") for part in parts if "=" not in part]
    if [len(node) for node in nodes] != [2]:
        return None
    ((host, port),) = nodes
    options = {name: _value(text) for name, _, text in (part.partition("=") for part in parts if "=" in part)}
    return _HashReader(Redis(**{**options, "host": host, "port": port}).connection_pool).read


class _HashReader:
    """Reads hashes over connections of its own, with a third of what redis-py's pipeline adds to a short read.

    Args:
        pool: Makes the connections.
    """

    def __init__(self, pool: ConnectionPool) -> None:
        self._pool = pool
        self._idle: deque[Any] = deque()
        self._arguments = PerObject(_packed)

    def read(self, keys: Sequence[bytes], fields: Sequence[bytes]) -> Hashes:
        """Returns the fields of hashes; see `ReadHashes`."""
        count, packed = b"*%d\r\n$5\r\nHMGET\r\n" % (2 + len(fields)), self._arguments(fields)
        commands = b"".join(count + _packed([key]) + packed for key in keys)
        connection = self._connection()
        try:
            return _answers(connection, commands, len(keys))
        except RedisConnectionError:  # maybe just that the server closed what nobody used for long
            return _answers(connection, commands, len(keys))
        finally:
            self._idle.append(connection)

    def _connection(self) -> Any:
        try:
            return self._idle.pop()
        except IndexError:
            return self._pool.make_connection()


def _answers(connection: Any, commands: bytes, count: int) -> Hashes:
    """Sends commands, having connected if need be, and returns their answers.

    Raises:
        ResponseError: One of them is an error; the first.
    """
    # Where one of these raises, redis-py closes the connection, so that nobody reads what is answered late.
    connection.send_packed_command([commands], check_health=False)
    answers = [_answer(connection) for _ in range(count)]
    for answer in answers:
        if isinstance(answer, ResponseError):
            raise answer
    return answers


def _answer(connection: Any) -> Any:
    """Returns the next answer, or the error that it is: others may follow."""
    try:
        return connection.read_response()
    except ResponseError as error:
        return error


def _packed(arguments: Sequence[bytes]) -> bytes:
    return b"".join(b"$%d\r\n%b\r\n" % (len(argument), argument) for argument in arguments)


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text
