"""What is odd about the inputs of a training: columns without a value, or with only one."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contract.columns import missing_marker
from contract.stubs import manifest_pb2 as pb
from training.table import Table

_AT_ONCE = 2**16


def row_warnings(inputs: Sequence[pb.Input], train: Table) -> tuple[str, ...]:
    """Returns what was odd when the rows were read, and the inputs that tell a model nothing; a sentence each.

    Args:
        inputs: The inputs of the model.
        train: The rows that it is fitted on.
    """
    return (
        *train.warnings,
        *(warning for spec in inputs for warning in _warnings(spec, train.columns[spec.name])),
    )


def _warnings(spec: pb.Input, column: NDArray[Any]) -> Iterator[str]:
    values = _first_values(spec, column.reshape(-1))
    if not values:
        yield f"Input {spec.name!r} has no value in any row trained on, so the model learns nothing of it."
    elif len(values) == 1:
        (value,) = values
        yield f"Input {spec.name!r} has the one value {value!r} in all rows trained on that have any."


def _first_values(spec: pb.Input, column: NDArray[Any]) -> set[Any]:
    """Returns the values of a column, the missing marker apart; not all of them once there are two."""
    found: set[Any] = set()
    for start in range(0, len(column), _AT_ONCE):
        found.update(_present(spec, column[start : start + _AT_ONCE]).tolist())
        if len(found) > 1:
            break
    return found


def _present(spec: pb.Input, column: NDArray[Any]) -> NDArray[Any]:
    if column.dtype == np.float32:
        return np.asarray(column[np.isfinite(column)])
    return np.asarray(column[column != missing_marker(spec)])
