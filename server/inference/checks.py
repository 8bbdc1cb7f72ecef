"""What of a request can be checked against a signature before the model is run."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

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
    found = TensorSpec("string" if tensor.dtype.hasobject else tensor.dtype.name, tensor.shape)
    if found.dtype == spec.dtype.removeprefix("q") and _shape_fits(spec.shape, tensor.shape):
        return None
    return f"is {found}, expected {spec}"


def listed(names: Iterable[str]) -> str:
    """Returns names as a message lists them."""
    return ", ".join(repr(name) for name in sorted(names)) or "none"


def _shape_fits(spec: tuple[int | None, ...] | None, found: tuple[int, ...]) -> bool:
    if spec is None:
        return True
    sizes = zip(spec, found, strict=False)
    return len(spec) == len(found) and all(expected in (None, size) for expected, size in sizes)


def _unknown(signature: Signature, inputs: Tensors) -> Iterator[FieldViolation]:
    for name in sorted(inputs.keys() - signature.inputs.keys()):
        yield FieldViolation(f"inputs[{name!r}]", f"is no input, expected {listed(signature.inputs)}")


def _missing(signature: Signature, inputs: Tensors) -> Iterator[FieldViolation]:
    for name in sorted(signature.inputs.keys() - inputs.keys() - signature.optional):
        yield FieldViolation(f"inputs[{name!r}]", f"is missing, expected {signature.inputs[name]}")


def _misfits(signature: Signature, inputs: Tensors) -> Iterator[FieldViolation]:
    for name in sorted(inputs.keys() & signature.inputs.keys()):
        difference = misfit(signature.inputs[name], inputs[name])
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
