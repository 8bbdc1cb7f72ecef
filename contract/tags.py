"""How a Feast field becomes an input, and which tags a feature engineer may set.

Field tags: ``encoding`` (numeric, log, vocabulary, or none for a feature that requests only filter on or show),
``default`` (what the model takes where there is no value), ``on_missing`` (what is done there: default, last_value
or fail; see `contract.policies`), ``length`` (of a list), ``vocabulary_of`` (the input whose vocabulary and
embedding it shares), ``live`` (what `paceline events consume` computes it as), ``owner``.
Feature service tags: ``member_key``, ``class_key`` (join keys) and ``catalogue_view``; if wanted, ``popularity``
(the class feature that classes are ordered by where the model can't rank).
"""

import math
from collections.abc import Mapping

from contract.errors import TagError
from contract.stubs import manifest_pb2 as pb

FIELD_TAGS = frozenset({"encoding", "default", "on_missing", "length", "vocabulary_of", "live", "owner"})
POPULARITY_TAG = "popularity"
SERVICE_TAGS = ("member_key", "class_key", "catalogue_view")
DEFAULT_LIST_LENGTH = 20

# Feast's names, as ``str(field.dtype)`` gives them.
_DATA_TYPES = {
    "String": pb.DATA_TYPE_STRING,
    "Int32": pb.DATA_TYPE_INT32,
    "Int64": pb.DATA_TYPE_INT64,
    "Float32": pb.DATA_TYPE_FLOAT32,
    "Float64": pb.DATA_TYPE_FLOAT64,
    "Bool": pb.DATA_TYPE_BOOL,
    "Array(String)": pb.DATA_TYPE_STRING_LIST,
    "Array(Int64)": pb.DATA_TYPE_INT64_LIST,
    "Array(Float32)": pb.DATA_TYPE_FLOAT32_LIST,
}
_TEXTS = (pb.DATA_TYPE_STRING, pb.DATA_TYPE_STRING_LIST)
_LISTS = (pb.DATA_TYPE_STRING_LIST, pb.DATA_TYPE_INT64_LIST, pb.DATA_TYPE_FLOAT32_LIST)
_WHOLE = (pb.DATA_TYPE_INT32, pb.DATA_TYPE_INT64, pb.DATA_TYPE_INT64_LIST)
_ENCODINGS = {
    "none": pb.ENCODING_UNSPECIFIED,
    "numeric": pb.ENCODING_NUMERIC,
    "log": pb.ENCODING_LOG,
    "vocabulary": pb.ENCODING_VOCABULARY,
}
_POLICIES = {
    "default": pb.MISSING_POLICY_UNSPECIFIED,
    "last_value": pb.MISSING_POLICY_LAST_VALUE,
    "fail": pb.MISSING_POLICY_FAIL,
}


def data_type(feast_name: str) -> "pb.DataType.ValueType":
    """Returns the type with Feast's name, such as "Array(String)".

    Raises:
        TagError: Paceline has no such type.
    """
    try:
        return _DATA_TYPES[feast_name]
    except KeyError:
        raise TagError(f"type {feast_name} is not supported, expected one of {', '.join(_DATA_TYPES)}") from None


def feature_input(
    name: str,
    feast_type: str,
    tags: Mapping[str, str],
    *,
    source: "pb.Source.ValueType",
    view: str = "",
    ttl_seconds: int = 0,
) -> pb.Input:
    """Returns the input that a feature becomes.

    Args:
        name: The feature's name.
        feast_type: Its Feast type, such as "Int64".
        tags: Its tags.
        source: SOURCE_MEMBER, SOURCE_CLASS, SOURCE_CONTEXT or SOURCE_COLUMN.
        view: The feature view that holds it.
        ttl_seconds: The view's TTL.

    Raises:
        TagError: The type is not supported, or a tag is unknown or does not fit it.
    """
    try:
        unknown = set(tags) - FIELD_TAGS
        if unknown:
            raise TagError(f"unknown tag {min(unknown)!r}, expected one of {', '.join(sorted(FIELD_TAGS))}")
        spec = pb.Input(name=name, source=source, data_type=data_type(feast_type), feature_view=view)
        spec.ttl_seconds = ttl_seconds
        spec.encoding = _encoding(spec, tags.get("encoding"))
        if spec.data_type in _LISTS:
            spec.list_length = _length(tags.get("length", str(DEFAULT_LIST_LENGTH)))
        if "default" in tags:
            _set_default(spec, tags["default"])
        spec.vocabulary_of = _vocabulary_of(spec, tags.get("vocabulary_of", ""))
        spec.missing_policy = _missing_policy(spec, tags.get("on_missing", "default"))
    except TagError as error:
        raise TagError(f"feature {name!r}: {error}") from None
    return spec


def _encoding(spec: pb.Input, tag: str | None) -> "pb.Encoding.ValueType":
    is_text = spec.data_type in _TEXTS
    if tag is None:
        is_categorical = is_text or spec.data_type == pb.DATA_TYPE_INT64_LIST
        return pb.ENCODING_VOCABULARY if is_categorical else pb.ENCODING_NUMERIC
    if tag not in _ENCODINGS:
        raise TagError(f"encoding is {tag!r}, expected one of {', '.join(_ENCODINGS)}")
    encoding = _ENCODINGS[tag]
    if is_text and encoding in (pb.ENCODING_NUMERIC, pb.ENCODING_LOG):
        raise TagError(f"encoding is {tag!r}, which does not fit a text; expected vocabulary or none")
    if encoding == pb.ENCODING_VOCABULARY and not is_text and spec.data_type not in _WHOLE:
        raise TagError("encoding is 'vocabulary', which fits texts and whole numbers only")
    if spec.data_type == pb.DATA_TYPE_INT64_LIST and encoding in (pb.ENCODING_NUMERIC, pb.ENCODING_LOG):
        raise TagError(f"encoding is {tag!r}; a list of numbers has to be Array(Float32)")
    return encoding


def _length(tag: str) -> int:
    if not tag.isdigit() or not 1 <= int(tag) <= 1000:
        raise TagError(f"length is {tag!r}, expected a whole number from 1 to 1000")
    return int(tag)


def _vocabulary_of(spec: pb.Input, tag: str) -> str:
    if tag and spec.encoding != pb.ENCODING_VOCABULARY:
        raise TagError("vocabulary_of is set, which fits the encoding 'vocabulary' only")
    return tag


def missing_policy(tag: str) -> "pb.MissingPolicy.ValueType":
    """Returns the policy that the tag `on_missing` names.

    Raises:
        TagError: There is none of that name.
    """
    if tag not in _POLICIES:
        raise TagError(f"on_missing is {tag!r}, expected one of {', '.join(_POLICIES)}")
    return _POLICIES[tag]


def _missing_policy(spec: pb.Input, tag: str) -> "pb.MissingPolicy.ValueType":
    policy = missing_policy(tag)
    if policy == pb.MISSING_POLICY_FAIL and not spec.encoding:
        raise TagError("on_missing is 'fail', which fits only what a model reads, and encoding is 'none'")
    return policy


def _set_default(spec: pb.Input, tag: str) -> None:
    if spec.data_type in _TEXTS:
        spec.default_text = tag
        return
    try:
        spec.default_number = float(tag)
    except ValueError:
        raise TagError(f"default is {tag!r}, expected a number") from None
    if not math.isfinite(spec.default_number):
        raise TagError(f"default is {tag!r}, expected a finite number")


def feature_source(service: str, tags: Mapping[str, str]) -> pb.FeatureSource:
    """Returns the roles that a feature service's tags name.

    Raises:
        TagError: A tag is missing.
    """
    for tag in SERVICE_TAGS:
        if not tags.get(tag):
            raise TagError(f"feature service {service!r} lacks the tag {tag!r}")
    roles = {tag: tags[tag] for tag in SERVICE_TAGS}
    return pb.FeatureSource(feature_service=service, popularity_feature=tags.get(POPULARITY_TAG, ""), **roles)
