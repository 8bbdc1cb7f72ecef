"""The fields of the tables of a training spec, each of which is a dataclass: their ranges and their checks."""

import types
from collections.abc import Mapping
from dataclasses import field, fields
from typing import Any

from training.errors import SpecError

_KINDS: Mapping[Any, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a text",
    tuple: "a list",
}


def one_of(*choices: str) -> Any:
    """One of some texts, by default the first."""
    return field(default=choices[0], metadata={"choices": choices})


def bounded(default: float, low: float, high: float) -> Any:
    """A number from `low` to `high`."""
    return field(default=default, metadata={"bounds": (low, high)})


def check_keys(table: str, kind: Any, mapping: Mapping[str, Any]) -> None:
    """Checks that each key is a field of the dataclass `kind`.

    Raises:
        SpecError: One is not.
    """
    names = [f.name for f in fields(kind)]
    for key in mapping:
        if key not in names:
            raise SpecError(f"{table}: unknown key {key!r}, expected one of {', '.join(names)}")


def check_fields(table: str, spec: Any) -> None:
    """Checks the types and the ranges of a dataclass' fields, but for those that may be of several types.

    Raises:
        SpecError: One is of another type or out of its range.
    """
    for f in fields(spec):
        name, value = f"{table}.{f.name}", getattr(spec, f.name)
        choices = f.metadata.get("choices")
        if not isinstance(f.type, types.UnionType):
            check_value(name, f.type, value, f.metadata.get("bounds"))
        if choices is not None and value not in choices:
            raise SpecError(f"{name} is {value!r}, expected {' or '.join(choices)}")


def check_value(name: str, expected: Any, value: Any, bounds: tuple[float, float] | None = None) -> None:
    """Checks the type of a value, and whether it is within bounds; a whole number is a number too.

    Raises:
        SpecError: It is of another type or out of its range.
    """
    plain: Any = expected.__origin__ if isinstance(expected, types.GenericAlias) else expected
    accepted: Any = (int, float) if plain is float else plain
    if not isinstance(value, accepted) or (isinstance(value, bool) and plain is not bool):
        raise SpecError(f"{name} is {value!r}, expected {_KINDS[plain]}")
    if bounds and not bounds[0] <= value <= bounds[1]:
        raise SpecError(f"{name} is {value!r}, expected {bounds[0]} to {bounds[1]}")
