"""Reading hashes over connections that are kept: whatever became of one, the next read is answered its own."""

import pytest
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError

from server.features.redis_cells import ReadHashes
from server.features.redis_client import hash_reader
from tests.support.redis import redis_port, redis_process

__all__ = ["redis_port"]

pytestmark = pytest.mark.slow

FIELDS = [b"x", b"", b"\r\n"]
KEYS = [b"a", b"b"]
HELD = [[b"1", b"$", None], [b"2", None, b"\x00"]]
WAIT = "socket_timeout=0.05,socket_connect_timeout=0.05,retry=null"


def opened(port: int) -> tuple[ReadHashes, Redis]:
    """Returns a reader, and a client of a database of its own that has hashes."""
    client = Redis(port=port, db=9)
    client.flushdb()
    client.hset("a", mapping={b"x": b"1", b"": b"$"})
    client.hset("b", mapping={b"x": b"2", b"\r\n": b"\x00"})
    read = hash_reader(f"127.0.0.1:{port},db=9,{WAIT}")
    assert read
    return read, client


def test_the_fields_of_hashes_are_read_in_their_order(redis_port: int) -> None:
    read, _ = opened(redis_port)

    assert read(KEYS, FIELDS) == HELD
    assert read([b"b", b"none"], FIELDS[:1]) == [[b"2"], [None]]
    assert read([], FIELDS) == []


def test_a_connection_that_the_server_closed_meanwhile_is_made_anew(redis_port: int) -> None:
    read, client = opened(redis_port)
    read(KEYS, FIELDS)

    client.client_kill_filter(_type="normal", skipme=True)

    assert read(KEYS, FIELDS) == HELD


def test_an_error_is_of_the_read_that_it_answers(redis_port: int) -> None:
    read, client = opened(redis_port)
    client.set("text", "no hash")

    with pytest.raises(ResponseError, match="WRONGTYPE"):
        read([b"a", b"text", b"b"], FIELDS)

    assert read(KEYS, FIELDS) == HELD


def test_what_comes_too_late_is_read_by_nobody(redis_port: int) -> None:
    read, client = opened(redis_port)
    read(KEYS, FIELDS)

    client.client_pause(150, all=True)
    with pytest.raises(RedisTimeoutError):
        read([b"b", b"b"], FIELDS)
    client.ping()  # is answered once the pause is over

    assert read(KEYS, FIELDS) == HELD


def test_a_server_that_is_gone_is_told_and_found_again() -> None:
    with redis_process() as (port, process):
        read, _ = opened(port)
        read(KEYS, FIELDS)
        process.kill()
        process.wait()
        with pytest.raises(RedisConnectionError):
            read(KEYS, FIELDS)
        with redis_process(port):
            assert read(KEYS, FIELDS) == [[None] * 3] * 2
