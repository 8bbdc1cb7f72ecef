"""On-demand views as a published model has them: what they read with its types, and their functions."""

from collections.abc import Callable

from contract import tags
from contract.on_demand import two_sided
from contract.stubs import manifest_pb2 as pb
from features.description import Description, OnDemandDescription
from features.errors import RepositoryError

REQUEST_TIME = "request_time"
"""What requests always have: their time, in seconds since the epoch, an Int64."""

Side = Callable[[str], "pb.Source.ValueType"]
"""Returns SOURCE_MEMBER or SOURCE_CLASS for the name of a stored view."""


def on_demand_message(name: str, registered: Description, side: Side) -> pb.OnDemandView:
    """Returns an on-demand view of a description, without golden rows.

    Args:
        name: The view.
        registered: The description.
        side: Returns the side of each view.

    Raises:
        RepositoryError: It reads features of both sides, or one that is not stored or may not be missing.
        TagError: A type is not supported.
    """
    view = registered.on_demand[name]
    read = [_stored(name, registered, reference, side) for reference in view.reads]
    inputs = [*read, *(_asked(field, dtype) for field, dtype in view.asks.items())]
    sources = {pb.SOURCE_CLASS if spec.source == pb.SOURCE_CLASS else pb.SOURCE_MEMBER for spec in inputs}
    if not sources:
        raise RepositoryError(f"on-demand view {name!r} reads nothing")
    if len(sources) > 1:
        raise RepositoryError(two_sided(name))
    return pb.OnDemandView(name=name, source=sources.pop(), inputs=inputs, function=view.function)


def computed_features(name: str, view: OnDemandDescription, source: "pb.Source.ValueType") -> list[pb.Input]:
    """Returns the features that an on-demand view gives to one side.

    Raises:
        TagError: A type or tag is not supported.
    """
    return [
        tags.feature_input(feature, described.dtype, described.tags, source=source, view=name)
        for feature, described in view.features.items()
    ]


def _stored(name: str, registered: Description, reference: tuple[str, str], side: Side) -> pb.Input:
    view_name, feature = reference
    view = registered.views.get(view_name)
    if view is None or feature not in view.features:
        raise RepositoryError(f"on-demand view {name!r} reads '{view_name}:{feature}', which is not stored")
    policy = tags.missing_policy(view.features[feature].tags.get("on_missing", "default"))
    if policy == pb.MISSING_POLICY_FAIL:
        raise RepositoryError(
            f"on-demand view {name!r} reads '{view_name}:{feature}', whose tag on_missing is 'fail'; expected "
            "'default' or 'last_value': a function is given None where there is no value"
        )
    return pb.Input(
        name=feature,
        source=side(view_name),
        data_type=tags.data_type(view.features[feature].dtype),
        feature_view=view_name,
        ttl_seconds=view.ttl_seconds,
        missing_policy=policy,
    )


def _asked(name: str, dtype: str) -> pb.Input:
    source = pb.SOURCE_REQUEST_TIME if name == REQUEST_TIME else pb.SOURCE_CONTEXT
    return pb.Input(name=name, source=source, data_type=tags.data_type(dtype))
