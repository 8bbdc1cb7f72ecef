"""From codes to the Arrow columns of the world's tables."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

TIMESTAMP = pa.timestamp("us", tz="UTC")


def ids(prefix: str, numbers: NDArray[np.int64], digits: int) -> pa.Array:
    """Returns ids such as "m000001", of at least `digits` digits."""
    padded = pc.utf8_lpad(pc.cast(pa.array(numbers), pa.string()), digits, "0")
    return pc.binary_join_element_wise(prefix, padded, "")


def texts(codes: NDArray[Any], words: Sequence[str] | pa.Array) -> pa.Array:
    """Returns the word of each code."""
    return pa.array(words, pa.string()).take(pa.array(codes))


def text_lists(chosen: NDArray[np.bool_], words: Sequence[str]) -> pa.Array:
    """Returns the words chosen in each row of a mask ``[rows, words]``, as lists."""
    offsets = np.concatenate(([0], np.cumsum(chosen.sum(axis=1)))).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), texts(np.nonzero(chosen)[1], words))


def times(microseconds: NDArray[np.int64]) -> pa.Array:
    """Returns moments, from microseconds since the epoch."""
    return pa.array(microseconds).cast(TIMESTAMP)
