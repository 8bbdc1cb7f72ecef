"""Columns of commands are the bytes that redis-py sends for each."""

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st
from redis.connection import Connection

from features.byte_columns import concatenated
from features.redis_commands import commands

WORDS = st.binary(max_size=300)


@given(st.lists(st.tuples(WORDS, WORDS)), WORDS)
def test_commands_are_what_redis_py_sends(rows: list[tuple[bytes, bytes]], constant: bytes) -> None:
    first, second = (pa.array([row[place] for row in rows], pa.binary()) for place in (0, 1))

    sent = commands([b"HSET", first, constant, second, b"end"])

    packed = [b"".join(Connection().pack_command(b"HSET", a, constant, b, b"end")) for a, b in rows]
    assert sent.to_pylist() == packed
    assert bytes(concatenated(sent)) == b"".join(packed)
    assert bytes(concatenated(sent[1:])) == b"".join(packed[1:])
