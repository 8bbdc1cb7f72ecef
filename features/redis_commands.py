"""Commands to Redis for many rows, written column by column as they go over the wire.

A command is ``*<words>``, then ``$<size>`` and the bytes of each word, with CRLF behind each of them.
"""

from collections.abc import Sequence
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc

from features.byte_columns import by_value, joined

_CRLF = b"\r\n"


def commands(words: Sequence[bytes | pa.Array]) -> pa.Array:
    """Returns the byte column of one command for each row, ``[rows]``.

    Args:
        words: The words of the command: a byte column, or bytes that are the same in all rows. One at least is a
            column.
    """
    parts: list[pa.Array] = []
    constant = b"*%d\r\n" % len(words)  # what comes before the next column
    for word in words:
        if isinstance(word, bytes):
            constant += _size(len(word)) + word + _CRLF
        else:
            parts += [by_value(pc.binary_length(word), partial(_sized, constant)), word]
            constant = _CRLF
    return joined(*parts, constant)


def _sized(before: bytes, size: int) -> bytes:
    return before + _size(size)


def _size(size: int) -> bytes:
    return b"$%d\r\n" % size
