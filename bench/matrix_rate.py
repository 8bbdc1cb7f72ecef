"""The best rate of a matrix product on this core, which bounds what layers can reach."""

import time
from collections.abc import Callable

import numpy as np
import openvino as ov
from openvino import opset13 as ops

_SIZES = ((2048, 256, 128), (2048, 128, 64), (1024, 1024, 1024), (512, 512, 512))
"""Of the products: rows, inner, columns."""
_TRIES = 20


def matrix_rate(*, in_bfloat16: bool) -> float:
    """Returns the best rate of a product of one thread, in floating point operations a second.

    In float32 by numpy; in bfloat16 by OpenVINO, whose second factor is a constant as a layer's weights are.
    """
    make = _in_bfloat16 if in_bfloat16 else _in_float32
    return max(
        2 * rows * inner * columns / _quickest(make(rows, inner, columns)) for rows, inner, columns in _SIZES
    )


def _in_float32(rows: int, inner: int, columns: int) -> Callable[[], object]:
    left, right = np.ones((rows, inner), np.float32), np.ones((inner, columns), np.float32)
    out = np.empty((rows, columns), np.float32)
    return lambda: np.matmul(left, right, out=out)


def _in_bfloat16(rows: int, inner: int, columns: int) -> Callable[[], object]:
    left = ops.parameter([rows, inner], ov.Type.bf16)
    product = ops.matmul(left, ops.constant(np.ones((inner, columns)), ov.Type.bf16), False, False)
    options = {"INFERENCE_NUM_THREADS": 1, "INFERENCE_PRECISION_HINT": "bf16"}
    compiled = ov.Core().compile_model(ov.Model([product], [left], "product"), "CPU", options)
    request = compiled.create_infer_request()
    request.set_input_tensor(ov.Tensor(ov.Type.bf16, [rows, inner]))
    infer: Callable[[], object] = request.infer
    return infer


def _quickest(call: Callable[[], object]) -> float:
    """Returns how long the quickest of some calls takes, in seconds."""
    seconds = []
    for _ in range(_TRIES):
        begun = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - begun)
    return min(seconds)
