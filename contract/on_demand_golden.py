"""Golden rows of on-demand views: what a function gave in training, to be given again before a version serves."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from google.protobuf import json_format
from google.protobuf.struct_pb2 import Struct

from contract.errors import FunctionError
from contract.on_demand import OnDemandFunction, Values
from contract.stubs import manifest_pb2 as pb
from contract.typed import converter, value_or_none

_TOLERANCE = 1e-6
"""How much two numbers may differ, of the larger: libraries of mathematics differ in the last bits."""


_SAMPLES: Mapping[int, Sequence[Any]] = {
    pb.DATA_TYPE_STRING: ("1", "word"),
    pb.DATA_TYPE_INT32: (1, 7),
    pb.DATA_TYPE_INT64: (1, 7),
    pb.DATA_TYPE_FLOAT32: (0.5, 3.0),
    pb.DATA_TYPE_FLOAT64: (0.5, 3.0),
    pb.DATA_TYPE_BOOL: (True, False),
    pb.DATA_TYPE_STRING_LIST: (["1", "word"], []),
    pb.DATA_TYPE_INT64_LIST: ([1, 7], []),
    pb.DATA_TYPE_FLOAT32_LIST: ([0.5, 3.0], []),
}


def sample_rows(view: pb.OnDemandView) -> dict[str, list[Any]]:
    """Returns rows of a view's inputs as they might be, the last without any value but the time that each has."""
    return {
        spec.name: [*_SAMPLES[spec.data_type], 0 if spec.source == pb.SOURCE_REQUEST_TIME else None]
        for spec in view.inputs
    }


def set_golden_rows(view: pb.OnDemandView, specs: Sequence[pb.Input], values: Values) -> None:
    """Puts rows of the inputs into a view, as its function is given them, with what it gives for them."""
    view.golden_inputs.CopyFrom(_struct({spec.name: _given(spec, values[spec.name]) for spec in view.inputs}))
    function = OnDemandFunction(view, specs)
    view.golden_outputs.CopyFrom(_struct(function.compute(_values(view.golden_inputs), _ignore)))


def check_golden_rows(view: pb.OnDemandView, specs: Sequence[pb.Input]) -> None:
    """Checks that a view's function gives for its golden rows what it gave in training.

    Raises:
        FunctionError: It does not, or there are no such rows, or the function can't be called.
    """
    function = OnDemandFunction(view, specs)
    if not view.golden_inputs.fields:
        raise FunctionError(f"on-demand view {view.name!r} has no golden rows")
    found = function.compute(_values(view.golden_inputs), _ignore)
    expected = _values(view.golden_outputs)
    for name, column in found.items():
        golden = expected.get(name, [])
        for row, value in enumerate(column):
            if row >= len(golden) or not _alike(value, golden[row]):
                message = f"gives {value!r} for {name!r} in golden row {row}, expected {golden[row:][:1]}"
                raise FunctionError(f"on-demand view {view.name!r} {message}")


def _alike(value: Any, golden: Any) -> bool:
    if isinstance(value, list) and isinstance(golden, list):
        return len(value) == len(golden) and all(map(_alike, value, golden))
    if isinstance(value, int | float) and isinstance(golden, int | float):
        return math.isclose(value, golden, rel_tol=_TOLERANCE, abs_tol=_TOLERANCE)
    return bool(value == golden)


def _given(spec: pb.Input, column: Sequence[Any]) -> list[Any]:
    convert = converter(spec.data_type)
    return [value_or_none(convert, value) for value in column]


def _struct(values: Values) -> Struct:
    struct = Struct()
    struct.update(values)
    return struct


def _values(struct: Struct) -> dict[str, Any]:
    found: dict[str, Any] = json_format.MessageToDict(struct)
    return found


def _ignore(_view: str, _rows: int, _first: str) -> None:
    """A golden row may be one that the function fails for."""
