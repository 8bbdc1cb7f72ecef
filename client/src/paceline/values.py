"""Feature values as Python values, and conditions on them.

A text is a str, a whole number an int, a real number a float; then there are bool and lists of str.
"""

from collections.abc import Sequence

from paceline.v1.recommendation_service_pb2 import (
    ClassFilter,
    FeatureRange,
    FeatureValue,
    FeatureValueSet,
    StringList,
)

Value = str | int | float | bool | Sequence[str]


def to_feature_value(value: Value) -> FeatureValue:
    """Returns the message of a value.

    Raises:
        TypeError: The value is of none of the types that features have.
        ValueError: A whole number does not fit 64 bits.
    """
    match value:
        case str():
            return FeatureValue(string_value=value)
        case bool():
            return FeatureValue(bool_value=value)
        case int():
            return FeatureValue(int64_value=value)
        case float():
            return FeatureValue(double_value=value)
        case [*texts]:
            return FeatureValue(string_list=StringList(values=texts))
    raise TypeError(f"a feature is a str, bool, int, float or a list of str, not {type(value).__name__}")


def from_feature_value(message: FeatureValue) -> str | int | float | bool | list[str] | None:
    """Returns the value of a message, None for a feature that is null, missing or stale."""
    match message.WhichOneof("value"):
        case "string_value":
            return message.string_value
        case "int64_value":
            return message.int64_value
        case "double_value":
            return message.double_value
        case "bool_value":
            return message.bool_value
        case "string_list":
            return list(message.string_list.values)
    return None


def any_of(feature_name: str, *values: Value) -> ClassFilter:
    """Returns the condition that the feature equals one of the values; of a list, that any element does."""
    return ClassFilter(
        feature_name=feature_name,
        any_of=FeatureValueSet(values=[to_feature_value(value) for value in values]),
    )


def between(feature_name: str, least: float, greatest: float) -> ClassFilter:
    """Returns the condition that the number lies within the range, both ends included."""
    return ClassFilter(feature_name=feature_name, range=FeatureRange(min=least, max=greatest))


def at_least(feature_name: str, least: float) -> ClassFilter:
    """Returns the condition that the number is `least` or more."""
    return ClassFilter(feature_name=feature_name, range=FeatureRange(min=least))


def at_most(feature_name: str, greatest: float) -> ClassFilter:
    """Returns the condition that the number is `greatest` or less."""
    return ClassFilter(feature_name=feature_name, range=FeatureRange(max=greatest))
