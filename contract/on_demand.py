"""On-demand views: features that training and serving compute, from the same inputs with the same function.

A view's function is given a list of values for each of its inputs, one for each row and None where there is no
value that counts (see `contract.cells`), and returns such a list for each of its features. Where it raises there
is no value, and none where it gives something of another type or a number that is not finite.

What a row gives does not depend on the rows beside it, which are many of a day in training and those of the
requests of a moment in serving: if the function fails for several rows together, it is called for each alone.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from contract.errors import FunctionError
from contract.stubs import manifest_pb2 as pb
from contract.typed import Convert, converter, value_or_none

Values = Mapping[str, Sequence[Any]]
"""One value for each row, by name; None where there is none that counts."""
Failed = Callable[[str, int, str], None]
"""Is told of a view that failed, for how many rows, and what was the matter with the first."""

CLASS_SOURCES = (pb.SOURCE_CLASS,)
MEMBER_SOURCES = (pb.SOURCE_MEMBER, pb.SOURCE_CONTEXT, pb.SOURCE_REQUEST_TIME)


def two_sided(name: str) -> str:
    """Returns why an on-demand view that reads both sides is refused."""
    return (
        f"on-demand view {name!r} reads features of classes beside those of members or of the request, so that it "
        "would run for each of thousands of candidates of every request; expected one side: let the model combine "
        "both, with a cross in [model] of the training's specification"
    )


def check_side(view: pb.OnDemandView) -> None:
    """Checks that a view reads one side only.

    Raises:
        FunctionError: It reads both, or nothing.
    """
    allowed = CLASS_SOURCES if view.source == pb.SOURCE_CLASS else MEMBER_SOURCES
    if not all(spec.source in allowed for spec in view.inputs):
        raise FunctionError(two_sided(view.name))
    if not view.inputs:
        raise FunctionError(f"on-demand view {view.name!r} reads nothing, expected at least one input")


def stored_features(
    specs: Sequence[pb.Input], views: Sequence[pb.OnDemandView], source: "pb.Source.ValueType"
) -> list[pb.Input]:
    """Returns the features of one side that are to be read: those that are not computed, and what views need.

    Args:
        specs: Inputs and display features of a model.
        views: Its on-demand views.
        source: SOURCE_MEMBER or SOURCE_CLASS.

    Returns:
        Each once. Those that only views need have no encoding.
    """
    computed = {view.name for view in views}
    needed = [spec for view in views for spec in view.inputs]
    own = [spec for spec in specs if spec.feature_view not in computed]
    return list({spec.name: spec for spec in (*needed, *own) if spec.source == source}.values())


class OnDemandFunction:
    """Computes the features of one view.

    Args:
        view: The view.
        specs: Its features; others are left out.

    Raises:
        FunctionError: The view has no function that can be called.
    """

    def __init__(self, view: pb.OnDemandView, specs: Sequence[pb.Input]) -> None:
        self.name = view.name
        self.features = [spec for spec in specs if spec.feature_view == view.name]
        self._inputs = [(spec.name, converter(spec.data_type)) for spec in view.inputs]
        self._outputs = [(spec.name, converter(spec.data_type)) for spec in self.features]
        self._function = _load(view)

    def compute(self, values: Values, failed: Failed) -> dict[str, list[Any]]:
        """Returns the values of the features, ``[rows]`` each.

        Args:
            values: Those of the inputs at least.
            failed: Is told if there is a row without a value because the function failed.
        """
        given, failures = self._given(values), _Failures()
        rows = len(next(iter(given.values())))
        try:
            found = self._call(given, rows)
        except Exception:  # whatever the function raises
            found = self._call_each(self._given(values), rows, failures)
        columns = {name: failures.converted(name, convert, found[name]) for name, convert in self._outputs}
        if failures.rows:
            failed(self.name, len(failures.rows), failures.first)
        return columns

    def _given(self, values: Values) -> dict[str, list[Any]]:
        return {name: [value_or_none(convert, value) for value in values[name]] for name, convert in self._inputs}

    def _call(self, given: Values, rows: int) -> dict[str, list[Any]]:
        result = self._function(given)
        return {name: _column(name, result[name], rows) for name, _ in self._outputs}

    def _call_each(self, given: Values, rows: int, failures: "_Failures") -> dict[str, list[Any]]:
        found: dict[str, list[Any]] = {name: [None] * rows for name, _ in self._outputs}
        for row in range(rows):
            try:
                alone = self._call({name: [column[row]] for name, column in given.items()}, 1)
            except Exception as error:  # whatever the function raises
                failures.note(row, f"{type(error).__name__}: {error}")
            else:
                for name, column in alone.items():
                    found[name][row] = column[0]
        return found


class OnDemandViews:
    """Computes the features of several views.

    Args:
        views: The views.
        specs: The features of all; others are left out.
        failed: Is told of every failure.

    Raises:
        FunctionError: One has no function that can be called, or reads both sides.
    """

    def __init__(self, views: Sequence[pb.OnDemandView], specs: Sequence[pb.Input], failed: Failed) -> None:
        for view in views:
            check_side(view)
        self._functions = [OnDemandFunction(view, specs) for view in views]
        self._failed = failed
        self.features = [spec for function in self._functions for spec in function.features]
        """What they compute."""

    def compute(self, values: Values) -> dict[str, list[Any]]:
        """Returns the values of the features, ``[rows]`` each, from those of the inputs."""
        return {
            name: column
            for function in self._functions
            for name, column in function.compute(values, self._failed).items()
        }


class _Failures:
    """The rows that something was the matter with, and what it was with the first that was noted."""

    def __init__(self) -> None:
        self.rows: set[int] = set()
        self.first = ""

    def note(self, row: int, message: str) -> None:
        self.first = self.first or message
        self.rows.add(row)

    def converted(self, name: str, convert: Convert, column: Sequence[Any]) -> list[Any]:
        try:
            return [convert(value) for value in column]
        except (TypeError, ValueError):
            return [self._converted(row, name, convert, value) for row, value in enumerate(column)]

    def _converted(self, row: int, name: str, convert: Convert, value: Any) -> Any:
        try:
            return convert(value)
        except (TypeError, ValueError) as error:
            self.note(row, f"feature {name!r}: {error}")
            return None


def _load(view: pb.OnDemandView) -> Callable[[Values], Mapping[str, Any]]:
    namespace: dict[str, Any] = {}
    try:
        # Whoever may write versions is trusted: a SavedModel is a program, too.
        exec(compile(view.function, f"<on-demand view {view.name}>", "exec"), namespace)  # noqa: S102
    except Exception as error:
        raise FunctionError(f"on-demand view {view.name!r}: {type(error).__name__}: {error}") from error
    functions = [found for name, found in namespace.items() if name != "__builtins__" and callable(found)]
    if len(functions) != 1:
        raise FunctionError(f"on-demand view {view.name!r} has {len(functions)} functions, expected one")
    return functions[0]  # type: ignore[no-any-return]


def _column(name: str, found: Any, rows: int) -> list[Any]:
    column = found.tolist() if hasattr(found, "tolist") else found
    if not isinstance(column, list | tuple) or len(column) != rows:
        raise TypeError(f"feature {name!r} is {column!r}, expected a list of {rows}")
    return list(column)
