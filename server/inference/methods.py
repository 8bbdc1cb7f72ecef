"""Classifying and regressing: which signatures can, and what their outputs mean.

TensorFlow Serving accepts a signature for the method that its `method_name` says. Those of TensorFlow 2 all say
"predict", so one of these is accepted if its tensors fit; TensorFlow Serving does so too once its check of method
names is switched off. Its input may have any name, where TensorFlow Serving wants "inputs".
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from server.domain.errors import FieldViolation, InvalidRequest, ModelFailed, NoSignature
from server.domain.signatures import CLASSIFY, PREDICT, REGRESS, Signature, Tensors
from server.inference.checks import listed

INVALID_ARGUMENT = 3
"""What TensorFlow Serving answers if outputs have other shapes; of `google.rpc.Code`."""

ResultT = TypeVar("ResultT")


@dataclass(frozen=True, slots=True)
class Classes:
    """The classes of each example, ``[examples, classes]``."""

    labels: NDArray[Any]
    """Bytes; empty if the model gives none."""
    scores: NDArray[np.float32]
    """Zeros if the model gives none."""


@dataclass(frozen=True, slots=True)
class Values:
    """The value of each example."""

    values: NDArray[np.float32]
    """``[examples]``."""


@dataclass(frozen=True, slots=True)
class Method(Generic[ResultT]):
    """What a signature does with examples."""

    name: str
    """The `method_name` of signatures that are for it."""
    outputs: Mapping[str, str]
    """The outputs that it reads, of which a signature has at least one, and their dtypes."""
    read: Callable[[Tensors, int], ResultT]
    """Returns what the outputs say of so many examples. Raises ModelFailed if they have other shapes."""

    def outputs_of(self, name: str, signature: Signature, field: str) -> Sequence[str]:
        """Returns which outputs of a signature are to be read.

        Args:
            name: The name of the signature.
            signature: The signature.
            field: The field of the request that names it.

        Raises:
            InvalidRequest: It is for another method, or has other inputs or outputs.
            NoSignature: It has none of the outputs.
        """
        misfits = list(self._misfits(signature))
        if misfits:
            raise InvalidRequest([FieldViolation(field, f"is {name!r}, which {'; '.join(misfits)}")])
        found = [output for output in self.outputs if output in signature.outputs]
        if not found:
            outputs = f"the outputs {listed(signature.outputs)}, expected one of {listed(self.outputs)}"
            raise NoSignature(f"the signature {name!r} has {outputs}")
        return found

    def _misfits(self, signature: Signature) -> Iterator[str]:
        if signature.method_name not in (self.name, PREDICT):
            yield f"is for {signature.method_name!r}, expected one for {self.name!r}"
        inputs = ", ".join(str(spec) for spec in signature.inputs.values())
        if [spec.dtype for spec in signature.inputs.values()] != ["string"] or not _is_list(signature):
            yield f"takes {inputs or 'nothing'}, expected one input, string [?]"
        if len(signature.outputs) > len(self.outputs):
            yield f"gives {len(signature.outputs)} outputs, expected at most {len(self.outputs)}"
        for output, dtype in self.outputs.items():
            if output in signature.outputs and signature.outputs[output].dtype != dtype:
                yield f"gives {output!r} as {signature.outputs[output].dtype}, expected {dtype}"


def _is_list(signature: Signature) -> bool:
    return all(spec.shape is None or len(spec.shape) == 1 for spec in signature.inputs.values())


def _read_classes(outputs: Tensors, count: int) -> Classes:
    shape, *others = {tensor.shape for tensor in outputs.values()}
    if others or len(shape) != 2 or shape[0] != count:
        raise _odd_shapes(outputs, f"[{count}, classes] of each")
    labels = outputs.get("classes", np.full(shape, b"", dtype=np.object_))
    return Classes(labels, outputs.get("scores", np.zeros(shape, dtype=np.float32)))


def _read_values(outputs: Tensors, count: int) -> Values:
    values = outputs["outputs"]
    if values.shape not in ((count,), (count, 1)):
        raise _odd_shapes(outputs, f"[{count}] or [{count}, 1]")
    return Values(values.reshape(-1))


def _odd_shapes(outputs: Tensors, expected: str) -> ModelFailed:
    found = ", ".join(f"{name!r} {list(tensor.shape)}" for name, tensor in sorted(outputs.items()))
    return ModelFailed(f"the model gave {found}, expected {expected}", INVALID_ARGUMENT)


CLASSIFIER = Method(CLASSIFY, {"classes": "string", "scores": "float32"}, _read_classes)
REGRESSOR = Method(REGRESS, {"outputs": "float32"}, _read_values)
METHODS: Mapping[str, Method[Classes] | Method[Values]] = {CLASSIFY: CLASSIFIER, REGRESS: REGRESSOR}
