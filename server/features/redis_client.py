"""Reading one Redis that Feast writes to, found by what Feast calls a connection string."""

import json
from collections.abc import Sequence
from typing import Any

from redis import Redis

from server.features.redis_cells import ReadHashes


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
    client: Any = Redis(**{**options, "host": host, "port": port})

    def read(commands: Sequence[tuple[bytes, Sequence[bytes]]]) -> Sequence[Sequence[bytes | None]]:
        with client.pipeline(transaction=False) as pipe:
            for key, fields in commands:
                pipe.hmget(key, fields)
            rows: Sequence[Sequence[bytes | None]] = pipe.execute()
            return rows

    return read


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text
