"""What the readers of online stores have in common."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol, TypeAlias

from contract.stubs import manifest_pb2 as pb
from server.domain.results import ServingMode

VALUE_FIELDS = {
    pb.DATA_TYPE_STRING: "string_val",
    pb.DATA_TYPE_INT32: "int32_val",
    pb.DATA_TYPE_INT64: "int64_val",
    pb.DATA_TYPE_FLOAT32: "float_val",
    pb.DATA_TYPE_FLOAT64: "double_val",
    pb.DATA_TYPE_BOOL: "bool_val",
    pb.DATA_TYPE_STRING_LIST: "string_list_val",
    pb.DATA_TYPE_INT64_LIST: "int64_list_val",
    pb.DATA_TYPE_FLOAT32_LIST: "float_list_val",
}
"""The field of Feast's Value that holds each type."""
LIST_FIELDS = frozenset(field for field in VALUE_FIELDS.values() if field.endswith("_list_val"))
"""Those whose values are in a `val` of their own."""


Rule: TypeAlias = tuple[int, int]
"""A TTL in seconds, 0 for no limit, and a `MissingPolicy`."""


@dataclass(frozen=True, slots=True)
class Feature:
    """What reading needs to know of an input."""

    name: str
    field: str
    """The field of Value that has its type."""
    ttl_seconds: int
    """That of its view, 0 for no limit."""
    policy: int = pb.MISSING_POLICY_UNSPECIFIED
    """What is done where it is not OK."""


def feature_of(spec: pb.Input) -> Feature:
    """Returns the feature that an input is."""
    return Feature(spec.name, VALUE_FIELDS[spec.data_type], spec.ttl_seconds, spec.missing_policy)


class Field(Protocol):
    """A feature as it is registered."""

    @property
    def name(self) -> str:
        """Its name."""
        ...

    @property
    def dtype(self) -> object:
        """Its type, of which `str` gives Feast's name."""
        ...


class View(Protocol):
    """A feature view as it is registered; Feast's own is one."""

    @property
    def name(self) -> str:
        """Its name."""
        ...

    @property
    def join_keys(self) -> Sequence[str]:
        """The names of what its entities are found by."""
        ...

    @property
    def features(self) -> Sequence[Field]:
        """What it has of an entity."""
        ...


@dataclass(frozen=True)
class ViewFeatures:
    """Features of one view, which has one join key, a String."""

    table: View
    features: Sequence[Feature]

    @cached_property
    def by_rule(self) -> Mapping[Rule, Sequence[str]]:
        """The names of the features for which the same holds of a row's age."""
        names: dict[Rule, list[str]] = {}
        for feature in self.features:
            names.setdefault((feature.ttl_seconds, feature.policy), []).append(feature.name)
        return names


@dataclass(frozen=True, slots=True)
class Cells:
    """What a store holds of some entities, whatever its age."""

    values: Mapping[str, list[Any]]
    """The values of each feature, ``[entities]``: None where there is none of the declared type."""
    times: Mapping[str, list[float | None]]
    """By view, when each row was true, ``[entities]``, in seconds since the epoch; None where there is no row."""
    modes: Sequence[ServingMode] = ()
    """Where the cells of each entity are from; empty where all are from the store."""


class CellReader(Protocol):
    """Reads features from an online store. Blocks."""

    def read(self, ids: Sequence[str], views: Sequence[ViewFeatures]) -> Cells:
        """Returns the cells of entities in views that have the same join key and no feature's name in common.

        Raises:
            Exception: Whatever the driver of the store raises.
        """
        ...
