"""What a SavedModel offers: its signatures and the tensors that they take and give."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

Tensors = Mapping[str, NDArray[Any]]
"""Tensors by name. Texts are arrays of objects: bytes from a model or the wire, str or bytes to a model."""

PREDICT = "tensorflow/serving/predict"
CLASSIFY = "tensorflow/serving/classify"
REGRESS = "tensorflow/serving/regress"
DEFAULT_SIGNATURE = "serving_default"


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """The dtype and shape of a tensor."""

    dtype: str
    """TensorFlow's name of it: "float32", "int64", "string", "bfloat16" and so on."""
    shape: tuple[int | None, ...] | None = None
    """None for an unknown dimension, or for an unknown shape."""

    def __str__(self) -> str:
        if self.shape is None:
            return self.dtype
        return f"{self.dtype} [{', '.join('?' if size is None else str(size) for size in self.shape)}]"


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature of a SavedModel."""

    inputs: Mapping[str, TensorSpec]
    outputs: Mapping[str, TensorSpec]
    method_name: str = PREDICT
    """Which of TensorFlow Serving's methods it is for."""
    optional: frozenset[str] = frozenset()
    """The inputs that have a default."""
    definition: bytes = b""
    """Its `tensorflow.SignatureDef`, serialised."""


Signatures = Mapping[str, Signature]
"""The signatures of a SavedModel by name."""
