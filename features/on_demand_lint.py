"""What keeps an on-demand view from being served as it was trained."""

from collections.abc import Iterator, Sequence
from itertools import chain

from feast import OnDemandFeatureView

from contract.errors import ContractError
from contract.on_demand import OnDemandFunction
from contract.on_demand_golden import sample_rows
from contract.stubs import manifest_pb2 as pb
from features.description import Description, describe_on_demand
from features.errors import RepositoryError
from features.function_text import needed_from_outside
from features.on_demand import REQUEST_TIME, Side, computed_features, on_demand_message

Found = tuple[str, str]
"""A rule, and what breaks it."""


def unservable(view: OnDemandFeatureView, defined: Description) -> Iterator[Found]:
    """Yields what keeps a view from being served, as rule and message.

    Args:
        view: The view.
        defined: All definitions, of which it is one.
    """
    wrong = list(_of_kind(view))
    yield from wrong or _of_function(view, defined)


def _of_kind(view: OnDemandFeatureView) -> Iterator[Found]:
    if view.mode != "python":
        yield "mode", f"its mode is {view.mode!r}, expected 'python'"
    if view.singleton:
        yield "singleton", "it is a singleton, for which Feast gives all entities one value"
    if view.write_to_online_store or view.aggregations:
        yield "mode", "it is stored or aggregates, expected one that is computed when it is asked for"
    for source in view.source_feature_view_projections.values():
        if source.name_alias or source.join_key_map:
            yield "source", f"it reads view {source.name!r} by another name or key, expected the view itself"


def _of_function(view: OnDemandFeatureView, defined: Description) -> Iterator[Found]:
    described = describe_on_demand(view)
    if described.asks.get(REQUEST_TIME, "Int64") != "Int64":
        yield "source", f"its {REQUEST_TIME} is {described.asks[REQUEST_TIME]}, expected Int64"
    try:
        message = on_demand_message(view.name, defined, _side(defined))
        outside = needed_from_outside(described.function)
        if not described.function:
            yield "function", "the text of its function is not known, expected one function with its decorator"
        elif outside:
            yield "function", f"its function needs {', '.join(outside)} from outside, expected only {_ALLOWED}"
        else:
            yield from _of_trial(message, computed_features(view.name, described, message.source))
    except (ContractError, RepositoryError) as error:
        yield "source", str(error)


_ALLOWED = "what it imports itself, of the standard library or numpy"


def _side(defined: Description) -> Side:
    class_keys = {service.tags.get("class_key") for service in defined.services.values()}

    def side(view: str) -> "pb.Source.ValueType":
        return pb.SOURCE_CLASS if set(defined.views[view].join_keys) & class_keys else pb.SOURCE_MEMBER

    return side


def _of_trial(view: pb.OnDemandView, features: Sequence[pb.Input]) -> Iterator[Found]:
    """Calls the function with values of each type and with none, together and alone; each row has a time."""
    failures: list[str] = []
    function = OnDemandFunction(view, features)
    rows = sample_rows(view)
    together = function.compute(rows, lambda _view, _rows, first: failures.append(first))
    singles = [{name: [column[row]] for name, column in rows.items()} for row in range(3)]
    each = [function.compute(single, lambda *_: None) for single in singles]
    alone = {name: list(chain.from_iterable(found[name] for found in each)) for name in together}
    if failures:
        yield "function", f"its function fails for values of its inputs' types, or for none: {failures[0]}"
    elif together != alone:
        yield "function", f"its function gives {together} for rows together and {alone} for each alone"
