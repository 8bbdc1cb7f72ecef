"""What a model that reads a feature service is given: features, keys, the request time and the context."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from contract import tags
from contract.stubs import manifest_pb2 as pb
from features.description import Description, ServiceDescription, ViewDescription
from training.errors import DataError

REQUEST_TIME = "request_time"

_NUMBERS = (pb.DATA_TYPE_INT32, pb.DATA_TYPE_INT64, pb.DATA_TYPE_FLOAT32, pb.DATA_TYPE_FLOAT64)


@dataclass(frozen=True, slots=True)
class ServiceInputs:
    """What a model reads, and what it does not and requests may still filter on or show."""

    source: pb.FeatureSource
    inputs: Sequence[pb.Input]
    display_features: Sequence[pb.Input]


def service_inputs(registered: Description, service: str, context: Mapping[str, str]) -> ServiceInputs:
    """Returns the inputs of a model that reads a feature service.

    Args:
        registered: What the registry promises.
        service: The name of a registered feature service.
        context: The Feast types of what requests bring with them, by name.

    Raises:
        DataError: A view is not keyed by a member or class, a key is not a text, a name occurs twice, or the
            popularity of classes is no number of theirs.
        TagError: A feature's type or tag is not supported.
    """
    source = tags.feature_source(service, registered.services[service].tags)
    _check_keys(registered.entities, source)
    features = list(_features(registered, registered.services[service], source))
    inputs = [
        *(feature for feature in features if feature.encoding),
        _input(source.member_key, pb.SOURCE_MEMBER_KEY, pb.DATA_TYPE_STRING, pb.ENCODING_VOCABULARY),
        _input(source.class_key, pb.SOURCE_CLASS_KEY, pb.DATA_TYPE_STRING, pb.ENCODING_VOCABULARY),
        _input(REQUEST_TIME, pb.SOURCE_REQUEST_TIME, pb.DATA_TYPE_INT64, pb.ENCODING_TIME),
        *(tags.feature_input(name, kind, {}, source=pb.SOURCE_CONTEXT) for name, kind in context.items()),
    ]
    display = [f for f in features if not f.encoding and f.source == pb.SOURCE_CLASS]
    _check_unique([*inputs, *display])
    _check_popularity(source, features)
    return ServiceInputs(source, inputs, display)


def _features(
    registered: Description, service: ServiceDescription, source: pb.FeatureSource
) -> Iterator[pb.Input]:
    for view_name, view in registered.views.items():
        for name, feature in view.features.items():
            if f"{view_name}:{name}" in service.features:
                yield tags.feature_input(
                    name,
                    feature.dtype,
                    feature.tags,
                    source=_side(view_name, view, source),
                    view=view_name,
                    ttl_seconds=view.ttl_seconds,
                )


def _side(name: str, view: ViewDescription, source: pb.FeatureSource) -> "pb.Source.ValueType":
    if view.join_keys == (source.member_key,):
        return pb.SOURCE_MEMBER
    if view.join_keys == (source.class_key,):
        return pb.SOURCE_CLASS
    found = ", ".join(view.join_keys)
    raise DataError(f"view {name!r} is keyed by {found}, expected {source.member_key} or {source.class_key}")


def _check_keys(entities: Mapping[str, str], source: pb.FeatureSource) -> None:
    for name, entity in entities.items():
        join_key, value_type = entity.split()
        if join_key in (source.member_key, source.class_key) and value_type != "STRING":
            raise DataError(f"entity {name!r} with the join key {join_key!r} is {value_type}, expected STRING")


def _check_unique(inputs: Sequence[pb.Input]) -> None:
    (name, count), *_ = Counter(spec.name for spec in inputs).most_common(1)
    if count > 1:
        raise DataError(f"the name {name!r} occurs twice among features, keys, context and request time")


def _check_popularity(source: pb.FeatureSource, features: Sequence[pb.Input]) -> None:
    name = source.popularity_feature
    numbers = [f.name for f in features if f.source == pb.SOURCE_CLASS and f.data_type in _NUMBERS]
    if name and name not in numbers:
        found = f"feature service {source.feature_service!r} has the tag popularity {name!r}"
        raise DataError(
            f"{found}, expected a class feature that is a number: {', '.join(numbers) or 'there is none'}"
        )


def _input(
    name: str,
    source: "pb.Source.ValueType",
    data_type: "pb.DataType.ValueType",
    encoding: "pb.Encoding.ValueType",
) -> pb.Input:
    return pb.Input(name=name, source=source, data_type=data_type, encoding=encoding)
