"""What of a request can be checked against a signature before the model is run."""

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from server.domain.errors import FieldViolation, InvalidRequest
from server.domain.signatures import Signature, Tensors, TensorSpec


def check_fits(signature: Signature, inputs: Tensors, output_filter: Sequence[str]) -> None:
    """Raises InvalidRequest with a violation for each input and output that the signature does not have so."""
    violations = [
        *_unknown(signature, inputs),
        *_missing(signature, inputs),
        *_misfits(signature, inputs),
        *_outputs(signature, output_filter),
    ]
    if violations:
        raise InvalidRequest(violations)


def misfit(spec: TensorSpec, tensor: NDArray[Any]) -> str | None:
    """Returns in what a tensor differs from a spec, None if in nothing.

    A quantised input is a tensor of the whole numbers that it is stored as.
    """
    dtype = _dtype_name(tensor.dtype)
    if dtype == spec.dtype.removeprefix("q") and _shape_fits(spec.shape, tensor.shape):
        return None
    return f"is {TensorSpec(dtype, tensor.shape)}, expected {spec}"


def listed(names: Iterable[str]) -> str:
    """Returns names as a message lists them."""
    return ", ".join(repr(name) for name in sorted(names)) or "none"


@cache
def _dtype_name(dtype: "np.dtype[Any]") -> str:
    """Returns TensorFlow's name of a dtype; NumPy takes a microsecond to tell its own, for each tensor."""
    return "string" if dtype.hasobject else dtype.name


def _shape_fits(spec: tuple[int | None, ...] | None, found: tuple[int, ...]) -> bool:
    if spec is None:
        return True
    if len(spec) != len(found):
        return False
    for expected, size in zip(spec, found, strict=True):  # noqa: SIM110, a generator takes twice as long
        if expected is not None and expected != size:
            return False
    return True


def _unknown(signature: Signature, inputs: Tensors) -> Iterator[FieldViolation]:
    for name in sorted(inputs.keys() - signature.inputs.keys()):
        yield FieldViolation(f"inputs[{name!r}]", f"is no input, expected {listed(signature.inputs)}")


def _missing(signature: Signature, inputs: Tensors) -> Iterator[FieldViolation]:
    for name in sorted(signature.inputs.keys() - inputs.keys() - signature.optional):
        yield FieldViolation(f"inputs[{name!r}]", f"is missing, expected {signature.inputs[name]}")


def _misfits(signature: Signature, inputs: Tensors) -> Iterator[FieldViolation]:
    for name in sorted(inputs):
        difference = misfit(signature.inputs[name], inputs[name]) if name in signature.inputs else None
        if difference:
            yield FieldViolation(f"inputs[{name!r}]", difference)


def _outputs(signature: Signature, names: Sequence[str]) -> Iterator[FieldViolation]:
    seen: set[str] = set()
    for place, name in enumerate(names):
        field = f"output_filter[{place}]"
        if name not in signature.outputs:
            yield FieldViolation(field, f"is {name!r}, which is no output, expected {listed(signature.outputs)}")
        elif name in seen:
            yield FieldViolation(field, f"is {name!r} once more, expected each output once")
        seen.add(name)
