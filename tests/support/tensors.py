"""Arrays of every dtype that TensorFlow has values of."""

from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from server.rpc.tfserving.dtypes import BY_NAME, Dtype

DTYPES = tuple(BY_NAME.values())
_SHAPES = st.lists(st.integers(0, 3), max_size=3)
_SMALL = ("int4", "uint4", "int2", "uint2")


@st.composite
def arrays(draw: st.DrawFn, dtype: Dtype) -> NDArray[Any]:
    """Draws an array of a dtype, of any bits that it may have."""
    shape = draw(_SHAPES)
    count = int(np.prod(shape))
    if dtype.name == "string":
        texts = np.empty(count, dtype=object)
        texts[:] = draw(st.lists(st.binary(), min_size=count, max_size=count))
        return texts.reshape(shape)
    size = count * dtype.stored.itemsize
    data = np.frombuffer(draw(st.binary(min_size=size, max_size=size)), dtype=np.int8)
    return _of_bits(data, dtype).reshape(shape)


def _of_bits(data: NDArray[np.int8], dtype: Dtype) -> NDArray[Any]:
    if dtype.name in _SMALL:
        return data.astype(dtype.stored)
    if dtype.name == "bool":
        return data > 0
    return (data & 0x0F if dtype.name == "float4_e2m1fn" else data).view(dtype.stored)


def bits(array: NDArray[Any]) -> Any:
    """Returns what tells arrays apart. All NaNs are one: whoever handles a signalling one may make it quiet."""
    if array.dtype == object:
        return array.shape, array.dtype, array.tolist()
    numbers = array.astype(np.int8) if array.dtype.name in _SMALL else array  # some bits of theirs mean nothing
    if numbers.dtype.kind in "fc":
        parts = np.atleast_1d(numbers).view(numbers.real.dtype)
        numbers = np.where(np.isnan(parts), np.nan, parts).astype(parts.dtype)
    return array.shape, array.dtype, numbers.tobytes()
