"""A registry in a database, read without Feast: tables with a message in each row. Imports SQLAlchemy."""

from collections.abc import Iterator
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, text

from server.features.feast_formats import FeatureServiceMessage, FeatureViewMessage, StreamFeatureViewMessage
from server.features.registry import Registered
from server.features.registry_messages import registered


class RegistryDatabase:
    """Implements `server.features.registry.RegistrySource`.

    Args:
        url: The database, in SQLAlchemy's words. It is not connected to before it is read.
        project: Whose objects are read.
    """

    def __init__(self, url: str, project: str) -> None:
        self._url = url
        self._project = project

    def read(self) -> Registered:
        """Returns what it holds now; see the protocol."""
        with self._engine.connect() as connection:
            views = [
                *self._messages(connection, "feature_view", FeatureViewMessage),
                *self._messages(connection, "stream_feature_view", StreamFeatureViewMessage, "feature_view"),
            ]
            return registered(views, self._messages(connection, "feature_service", FeatureServiceMessage))

    @cached_property
    def _engine(self) -> Engine:
        return create_engine(self._url, pool_pre_ping=True)  # a connection may have gone since the last read

    def _messages(self, connection: Connection, kind: str, message: Any, column: str = "") -> Iterator[Any]:
        query = text(f"SELECT {column or kind}_proto FROM {kind}s WHERE project_id = :project")  # noqa: S608 (ours)
        for (body,) in connection.execute(query, {"project": self._project}):
            yield message.FromString(bytes(body))
