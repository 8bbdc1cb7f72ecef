"""What a model that reads a feature service is given: features, keys, the request time and the context."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from contract import tags
from contract.on_demand import stored_features
from contract.stubs import manifest_pb2 as pb
from features.description import Description, ServiceDescription, ViewDescription
from features.on_demand import REQUEST_TIME, computed_features, on_demand_message
from training.errors import DataError

_NUMBERS = (pb.DATA_TYPE_INT32, pb.DATA_TYPE_INT64, pb.DATA_TYPE_FLOAT32, pb.DATA_TYPE_FLOAT64)


@dataclass(frozen=True, slots=True)
class ServiceInputs:
    """What a model reads, and what it does not and requests may still filter on or show.

    Attributes:
        source: The roles of the feature service.
        inputs: What the model reads.
        display_features: Class features that it does not.
        on_demand_views: What some of both are computed by, without golden rows.
    """

    source: pb.FeatureSource
    inputs: Sequence[pb.Input]
    display_features: Sequence[pb.Input]
    on_demand_views: Sequence[pb.OnDemandView] = ()

    def asked(self) -> dict[str, pb.Input]:
        """Returns what on-demand views take of the context of requests, by name."""
        needed = (spec for view in self.on_demand_views for spec in view.inputs)
        return {spec.name: spec for spec in needed if spec.source == pb.SOURCE_CONTEXT}


def stored_by_view(
    inputs: Sequence[pb.Input], views: Sequence[pb.OnDemandView], sources: Iterable["pb.Source.ValueType"]
) -> dict[str, set[str]]:
    """Returns the names of the features to read, by view: those of the inputs, and what on-demand views need."""
    found: dict[str, set[str]] = {}
    for source in sources:
        for spec in stored_features(inputs, views, source):
            found.setdefault(spec.feature_view, set()).add(spec.name)
    return found


def service_inputs(registered: Description, service: str, context: Mapping[str, str]) -> ServiceInputs:
    """Returns the inputs of a model that reads a feature service.

    Args:
        registered: What the registry promises.
        service: The name of a registered feature service.
        context: The Feast types of what requests bring with them, by name.

    Raises:
        DataError: A view is not keyed by a member or class, a key is not a text, a name occurs twice, or the
            popularity of classes is no number of theirs.
        FeatureError: An on-demand view can't be served.
        TagError: A feature's type or tag is not supported.
    """
    source = tags.feature_source(service, registered.services[service].tags)
    _check_keys(registered.entities, source)
    views, computed = _on_demand(registered, registered.services[service], source)
    features = [*_features(registered, registered.services[service], source), *computed]
    inputs = [
        *(feature for feature in features if feature.encoding),
        _input(source.member_key, pb.SOURCE_MEMBER_KEY, pb.DATA_TYPE_STRING, pb.ENCODING_VOCABULARY),
        _input(source.class_key, pb.SOURCE_CLASS_KEY, pb.DATA_TYPE_STRING, pb.ENCODING_VOCABULARY),
        _input(REQUEST_TIME, pb.SOURCE_REQUEST_TIME, pb.DATA_TYPE_INT64, pb.ENCODING_TIME),
        *(tags.feature_input(name, kind, {}, source=pb.SOURCE_CONTEXT) for name, kind in context.items()),
    ]
    display = [f for f in features if not f.encoding and f.source == pb.SOURCE_CLASS]
    _check_unique([*inputs, *display], [spec for view in views for spec in view.inputs])
    _check_popularity(source, features)
    return ServiceInputs(source, inputs, display, views)


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


def _on_demand(
    registered: Description, service: ServiceDescription, source: pb.FeatureSource
) -> tuple[list[pb.OnDemandView], list[pb.Input]]:
    """Returns the on-demand views that a service names, and those of their features that it does."""
    views, features = [], []
    for name, view in registered.on_demand.items():
        if named := [feature for feature in view.features if f"{name}:{feature}" in service.features]:
            message = on_demand_message(name, registered, lambda v: _side(v, registered.views[v], source))
            views.append(message)
            features += [f for f in computed_features(name, view, message.source) if f.name in named]
    return views, features


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


def _check_unique(inputs: Sequence[pb.Input], needed: Sequence[pb.Input]) -> None:
    different = [_what(spec) for spec in inputs] + list({_what(spec) for spec in needed} - set(map(_what, inputs)))
    (name, count), *_ = Counter(name for name, *_ in different).most_common(1)
    if count > 1:
        raise DataError(f"the name {name!r} occurs twice among features, keys, context and request time")


def _what(spec: pb.Input) -> tuple[str, int, str, int]:
    return spec.name, spec.source, spec.feature_view, spec.data_type


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
