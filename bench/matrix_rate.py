"""The best rate of a matrix product on this core, which bounds what layers can reach."""

import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import openvino as ov
from openvino import opset13 as ops

_Make = Callable[[int, int, int], Callable[[], object]]
_SIZES = ((2048, 256, 128), (2048, 128, 64), (1024, 1024, 1024), (512, 512, 512))
"""Of the products: rows, inner, columns."""
_TRIES = 20


def matrix_rates() -> dict[str, float]:
    """Returns the best rate of a product of one thread in each precision, in operations a second.

    In float32 by numpy; in bfloat16 and int8 by OpenVINO, whose second factor is constant as a layer's weights.
    """
    return {precision: max(_rate(make, *sizes) for sizes in _SIZES) for precision, make in _MAKERS.items()}


def _rate(make: _Make, rows: int, inner: int, columns: int) -> float:
    return 2 * rows * inner * columns / _quickest(make(rows, inner, columns))


def _in_float32(rows: int, inner: int, columns: int) -> Callable[[], object]:
    left, right = np.ones((rows, inner), np.float32), np.ones((inner, columns), np.float32)
    out = np.empty((rows, columns), np.float32)
    return lambda: np.matmul(left, right, out=out)


def _in_bfloat16(rows: int, inner: int, columns: int) -> Callable[[], object]:
    left = ops.parameter([rows, inner], ov.Type.bf16)
    product = ops.matmul(left, ops.constant(np.ones((inner, columns)), ov.Type.bf16), False, False)
    return _compiled(ov.Model([product], [left], "product"), "bf16")


def _in_int8(rows: int, inner: int, columns: int) -> Callable[[], object]:
    """Its result is rounded to 8 bits, too, without which OpenVINO computes in float32."""
    left = ops.parameter([rows, inner], np.uint8)
    weights = ops.convert(ops.constant(np.ones((inner, columns), np.int8)), np.float32)
    none, most = np.float32(0), np.float32(inner)
    product = ops.matmul(_scaled(ops.convert(left, np.float32)), _scaled(weights), False, False)
    rounded = ops.fake_quantize(product, none, most, none, most, 256)
    return _compiled(ov.Model([rounded], [left], "product"), "f32")


def _scaled(values: Any) -> Any:
    return ops.multiply(values, ops.constant(np.float32(0.01)))


_MAKERS: Mapping[str, _Make] = {
    "float32": _in_float32,
    "bfloat16": _in_bfloat16,
    "int8": _in_int8,
}


def _compiled(product: ov.Model, precision: str) -> Callable[[], object]:
    options = {"INFERENCE_NUM_THREADS": 1, "INFERENCE_PRECISION_HINT": precision}
    infer: Callable[[], object] = ov.Core().compile_model(product, "CPU", options).create_infer_request().infer
    return infer


def _quickest(call: Callable[[], object]) -> float:
    """Returns how long the quickest of some calls takes, in seconds."""
    seconds = []
    for _ in range(_TRIES):
        begun = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - begun)
    return min(seconds)
