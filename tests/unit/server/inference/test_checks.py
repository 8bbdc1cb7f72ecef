"""What does not fit a signature is named, tensor by tensor."""

from typing import Any

import ml_dtypes
import numpy as np
import pytest
from numpy.typing import NDArray

from server.domain.errors import InvalidRequest
from server.domain.signatures import Signature, TensorSpec
from server.inference.checks import check_fits, misfit

SIGNATURE = Signature(
    inputs={"x": TensorSpec("float32", (None, 2)), "name": TensorSpec("string"), "by": TensorSpec("int64", ())},
    outputs={"y": TensorSpec("float32"), "z": TensorSpec("float32")},
    optional=frozenset({"by"}),
)
X = np.zeros((3, 2), dtype=np.float32)
NAME = np.array([b"a"], dtype=np.object_)


def violations(inputs: dict[str, NDArray[Any]], *outputs: str) -> dict[str, str]:
    with pytest.raises(InvalidRequest) as error:
        check_fits(SIGNATURE, inputs, outputs)
    return {violation.field: violation.description for violation in error.value.violations}


def test_what_fits_passes() -> None:
    check_fits(SIGNATURE, {"x": X, "name": NAME}, [])
    check_fits(SIGNATURE, {"x": X, "name": NAME, "by": np.array(1)}, ["z", "y"])


def test_every_input_and_output_that_does_not_fit_is_named() -> None:
    inputs = {"x": X[0], "by": np.array([1], np.int32), "w": X}
    assert violations(inputs, "y", "v", "y") == {
        "inputs['w']": "is no input, expected 'by', 'name', 'x'",
        "inputs['name']": "is missing, expected string",
        "inputs['by']": "is int32 [1], expected int64 []",
        "inputs['x']": "is float32 [2], expected float32 [?, 2]",
        "output_filter[1]": "is 'v', which is no output, expected 'y', 'z'",
        "output_filter[2]": "is 'y' once more, expected each output once",
    }


@pytest.mark.parametrize(
    ("spec", "array"),
    [
        (TensorSpec("float32", (None, 2)), np.zeros((0, 2), dtype=np.float32)),
        (TensorSpec("float32", (None, 2)), np.zeros((9, 2), dtype=np.float32)),
        (TensorSpec("float32", ()), np.float32(1)),
        (TensorSpec("bool"), np.zeros((1, 2, 3), dtype=np.bool_)),
        (TensorSpec("string", (1,)), NAME),
        (TensorSpec("bfloat16", (1,)), np.zeros(1, dtype=ml_dtypes.bfloat16)),
        (TensorSpec("int4", (1,)), np.zeros(1, dtype=ml_dtypes.int4)),
        (TensorSpec("qint8", (1,)), np.zeros(1, dtype=np.int8)),
        (TensorSpec("quint16", (1,)), np.zeros(1, dtype=np.uint16)),
    ],
)
def test_a_tensor_fits_a_spec(spec: TensorSpec, array: Any) -> None:
    assert misfit(spec, np.asarray(array)) is None


@pytest.mark.parametrize(
    ("spec", "array", "found"),
    [
        (TensorSpec("float32", (None, 2)), np.zeros((2, 3), dtype=np.float32), "float32 [2, 3]"),
        (TensorSpec("float32", (None,)), np.float32(1), "float32 []"),
        (TensorSpec("float32", ()), np.zeros(1, dtype=np.float32), "float32 [1]"),
        (TensorSpec("float32"), np.zeros(1), "float64 [1]"),
        (TensorSpec("float16", (1,)), np.zeros(1, dtype=ml_dtypes.bfloat16), "bfloat16 [1]"),
        (TensorSpec("string", (1,)), np.zeros(1, dtype=np.int64), "int64 [1]"),
        (TensorSpec("int64", (1,)), NAME, "string [1]"),
        (TensorSpec("quint8", (1,)), np.zeros(1, dtype=np.int8), "int8 [1]"),
        (TensorSpec("resource", ()), np.float32(1), "float32 []"),
    ],
)
def test_a_tensor_of_another_dtype_or_shape_does_not(spec: TensorSpec, array: Any, found: str) -> None:
    assert misfit(spec, np.asarray(array)) == f"is {found}, expected {spec}"
