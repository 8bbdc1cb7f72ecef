"""The objects of the feature registry, resolved off the request path."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from server.domain.errors import StoreUnavailable
from server.features.cells import Feature, View, ViewFeatures
from server.ranking.memo import PerObject

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Registered:
    """What a registry holds of one project."""

    views: Sequence[View]
    """Those that are enabled: stores answer for others too."""
    services: Mapping[str, Mapping[str, frozenset[str]]]
    """By feature service, the names of its features by view."""


class RegistrySource(Protocol):
    """Where the registry is."""

    def read(self) -> Registered:
        """Returns what it holds now. Blocks.

        Raises:
            StoreUnavailable: It is not there.
            Exception: Whatever its driver raises.
        """
        ...


class Registry:
    """Holds the feature views of a registry between two calls of `refresh`."""

    def __init__(self, source: RegistrySource) -> None:
        self._source = source
        self._views: Mapping[str, View] = {}
        self._seen: Mapping[str, View] = {}
        self._services: Mapping[str, Mapping[str, frozenset[str]]] = {}
        self._found = PerObject(self._find)

    def refresh(self) -> None:
        """Reads the registry again. Blocks.

        Raises:
            StoreUnavailable: It could not be read; what was read before is kept.
        """
        try:
            registered = self._source.read()
        except StoreUnavailable:
            raise
        except Exception as error:
            logger.warning("the feature registry could not be read: %s", error)
            raise StoreUnavailable("the feature registry could not be read") from error
        self._views = {view.name: view for view in registered.views}
        self._seen = {**self._seen, **self._views}
        self._found = PerObject(self._find)
        self._services = registered.services

    def view(self, name: str) -> View:
        """Returns a feature view that the registry has, or had: versions that serve still read it.

        Raises:
            StoreUnavailable: The registry never had one of that name.
        """
        view = self._seen.get(name)
        if view is None:
            raise StoreUnavailable(f"the feature registry has no enabled feature view {name!r}")
        return view

    def features(self, wanted: Mapping[str, Sequence[Feature]]) -> Sequence[ViewFeatures]:
        """Returns features given by the name of their view: for the same object the same, until `refresh`.

        Raises:
            StoreUnavailable: See `view`.
        """
        return self._found(wanted)

    def find(self, name: str) -> View | None:
        """Returns a feature view, None if the registry had none of that name, enabled, when it was last read."""
        return self._views.get(name)

    def service_features(self, service: str) -> Mapping[str, frozenset[str]] | None:
        """Returns the names of a feature service's features by view, None if there is no such service."""
        return self._services.get(service)

    def _find(self, wanted: Mapping[str, Sequence[Feature]]) -> Sequence[ViewFeatures]:
        return [ViewFeatures(self.view(name), found) for name, found in wanted.items()]
