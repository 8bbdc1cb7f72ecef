"""What the messages of a registry say."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from server.features.feast_formats import ValueType
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
class ReadField:
    """Implements `server.features.cells.Field`."""

    name: str
    dtype: str


@dataclass(frozen=True, slots=True)
class ReadView:
    """Implements `server.features.cells.View`."""

    name: str
    join_keys: Sequence[str]
    features: Sequence[ReadField]


def registered(views: Iterable[Any], services: Iterable[Any]) -> Registered:
    """Returns what a project has registered.

    Args:
        views: Its messages of feature views, those of streams too.
        services: Its messages of feature services.
    """
    specs = [view.spec for view in views]
    return Registered(
        [_view(spec) for spec in specs if not spec.disabled],
        {service.spec.name: _features_by_view(service.spec) for service in services},
    )


def _view(spec: Any) -> ReadView:
    features = [ReadField(field.name, _type_name(field.value_type)) for field in spec.features]
    return ReadView(spec.name, [field.name for field in spec.entity_columns], features)


def _features_by_view(spec: Any) -> Mapping[str, frozenset[str]]:
    return {
        projection.feature_view_name: frozenset(field.name for field in projection.feature_columns)
        for projection in spec.features
    }


def _type_name(value_type: "ValueType.Enum.ValueType") -> str:
    name = ValueType.Enum.Name(value_type)
    element = name.removesuffix(_LIST)
    found = _TYPES.get(element, element)
    return found if element == name else f"Array({found})"
