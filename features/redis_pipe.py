"""A connection to Redis for commands that are written already, whose replies are read later."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pyarrow as pa
from feast import FeatureStore
from feast.infra.online_stores.redis import RedisOnlineStore
from redis import Redis

from features.byte_columns import concatenated

TIMEOUT_SECONDS = 30
"""How long Redis may take. The profile's own timeouts are for requests, whose callers wait."""


class Pipe:
    """Sends columns of commands, and counts the replies to come."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._reply_count = 0

    def send(self, commands: pa.Array) -> None:
        """Sends the commands of a byte column, one for each row, without waiting for their replies."""
        self._connection.send_packed_command([concatenated(commands)])
        self._reply_count += len(commands)

    def replies(self) -> list[Any]:
        """Returns the replies to all commands since the last call.

        Raises:
            redis.exceptions.RedisError: A command was refused, or Redis is gone.
        """
        count, self._reply_count = self._reply_count, 0
        return [self._connection.read_response() for _ in range(count)]


@contextmanager
def open_pipe(store: FeatureStore) -> Iterator[Pipe]:
    """Opens a connection of its own to a store's Redis, and closes it.

    Raises:
        redis.exceptions.RedisError: Redis can't be reached.
    """
    with closing(_patient_client(store)) as client:
        connection: Any = client.connection_pool.get_connection()
        try:
            yield Pipe(connection)
        finally:
            connection.disconnect()  # some replies may not have been read
            client.connection_pool.release(connection)


def _patient_client(store: FeatureStore) -> Redis:
    settings = store.config.online_store
    timeouts = f"socket_timeout={TIMEOUT_SECONDS},socket_connect_timeout={TIMEOUT_SECONDS}"
    patient = settings.model_copy(update={"connection_string": f"{settings.connection_string},{timeouts}"})
    client: Redis = RedisOnlineStore()._get_client(patient)
    return client
