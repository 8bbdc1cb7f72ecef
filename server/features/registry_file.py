"""A registry in a file, read without Feast: it is one message."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from server.domain.errors import StoreUnavailable
from server.features.feast_formats import RegistryMessage
from server.features.registry import Registered
from server.features.registry_messages import registered


class RegistryFile:
    """Implements `server.features.registry.RegistrySource`.

    Args:
        path: The file.
        project: Whose objects are read.
    """

    def __init__(self, path: Path, project: str) -> None:
        self._path = path
        self._project = project

    def read(self) -> Registered:
        """Returns what it holds now; see the protocol."""
        try:
            message = RegistryMessage.FromString(self._path.read_bytes())
        except FileNotFoundError:
            raise StoreUnavailable(f"the feature registry {self._path} does not exist") from None
        views = [*message.feature_views, *message.stream_feature_views]
        return registered(self._own(views), self._own(message.feature_services))

    def _own(self, messages: Iterable[Any]) -> list[Any]:
        return [message for message in messages if message.spec.project == self._project]
