"""A registry in a file, read without Feast: it is one message."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from server.domain.errors import StoreUnavailable
from server.features.feast_formats import RegistryMessage, ValueType
from server.features.registry import Registered

_TYPES = {
    "BYTES": "Bytes",
    "STRING": "String",
    "INT32": "Int32",
    "INT64": "Int64",
    "DOUBLE": "Float64",
    "FLOAT": "Float32",
    "BOOL": "Bool",
    "UNIX_TIMESTAMP": "UnixTimestamp",
}
"""What Feast calls the types of fields."""
_LIST = "_LIST"


@dataclass(frozen=True, slots=True)
class FileField:
    """Implements `server.features.cells.Field`."""

    name: str
    dtype: str


@dataclass(frozen=True, slots=True)
class FileView:
    """Implements `server.features.cells.View`."""

    name: str
    join_keys: Sequence[str]
    features: Sequence[FileField]


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
        views = self._own([*message.feature_views, *message.stream_feature_views])
        services = self._own(message.feature_services)
        return Registered(
            [_view(spec) for spec in views if not spec.disabled],
            {spec.name: _features_by_view(spec) for spec in services},
        )

    def _own(self, objects: Iterable[Any]) -> list[Any]:
        """Returns the specifications of those of the project."""
        return [found.spec for found in objects if found.spec.project == self._project]


def _view(spec: Any) -> FileView:
    features = [FileField(field.name, _type_name(field.value_type)) for field in spec.features]
    return FileView(spec.name, [field.name for field in spec.entity_columns], features)


def _features_by_view(spec: Any) -> Mapping[str, frozenset[str]]:
    return {
        projection.feature_view_name: frozenset(field.name for field in projection.feature_columns)
        for projection in spec.features
    }


def _type_name(value_type: "ValueType.Enum.ValueType") -> str:
    name: str = ValueType.Enum.Name(value_type)
    element = name.removesuffix(_LIST)
    found = _TYPES.get(element, element)
    return found if element == name else f"Array({found})"
