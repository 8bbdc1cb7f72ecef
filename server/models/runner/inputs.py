"""The tensors that a caller passes to a signature, checked and completed.

TensorFlow itself would take a tensor of another shape and compute something, or fail somewhere inside.
"""

from collections.abc import Collection, Mapping
from typing import Any

import tensorflow as tf
from numpy.typing import NDArray

from server.domain.signatures import Signature, Tensors, TensorSpec
from server.models.runner.tensors import as_stored, to_tensors

INVALID_ARGUMENT = 3
"""Of `google.rpc.Code`."""


class InvalidTensors(ValueError):
    """What is asked of a model does not fit its signatures."""

    error_code = INVALID_ARGUMENT


def to_inputs(signature: Signature, defaults: Mapping[str, tf.Tensor], tensors: Tensors) -> dict[str, tf.Tensor]:
    """Returns the inputs of a signature, each with the dtype and a shape that it takes.

    Args:
        signature: The signature.
        defaults: The values of the inputs that may be left out.
        tensors: The caller's tensors.

    Raises:
        InvalidTensors: One is missing, not an input, or of another dtype or shape.
    """
    _check_names("input", tensors, signature.inputs)
    missing = sorted(signature.inputs.keys() - tensors.keys() - defaults.keys())
    if missing:
        raise InvalidTensors(f"input {missing[0]!r} is missing, expected {signature.inputs[missing[0]]}")
    found = _tensors(tensors)
    return {**defaults, **{name: _to_input(name, signature.inputs[name], found[name]) for name in tensors}}


def check_outputs(signature: Signature, names: Collection[str]) -> None:
    """Checks the names of outputs.

    Raises:
        InvalidTensors: The signature has no such output.
    """
    _check_names("output", names, signature.outputs)


def _check_names(kind: str, found: Collection[str], expected: Collection[str]) -> None:
    unknown = sorted(set(found) - set(expected))
    if unknown:
        raise InvalidTensors(f"there is no {kind} {unknown[0]!r}, expected one of {sorted(expected)}")


def _tensors(arrays: Tensors) -> dict[str, tf.Tensor]:
    try:
        return to_tensors(arrays)
    except (TypeError, ValueError):
        return {name: _tensor(name, array) for name, array in arrays.items()}  # to find out which it is


def _tensor(name: str, array: NDArray[Any]) -> tf.Tensor:
    try:
        return to_tensors({name: array})[name]
    except (TypeError, ValueError) as error:
        raise InvalidTensors(f"input {name!r} is no tensor: {error}") from error


def _to_input(name: str, spec: TensorSpec, tensor: tf.Tensor) -> tf.Tensor:
    tensor = as_stored(tensor, spec.dtype)
    if tensor.dtype.name != spec.dtype or not _fits(tensor.shape.as_list(), spec.shape):
        found = TensorSpec(tensor.dtype.name, tuple(tensor.shape.as_list()))
        raise InvalidTensors(f"input {name!r} is {found}, expected {spec}")
    return tensor


def _fits(found: list[int], expected: tuple[int | None, ...] | None) -> bool:
    if expected is None:
        return True
    return len(found) == len(expected) and all(
        size in (None, length) for length, size in zip(found, expected, strict=True)
    )
