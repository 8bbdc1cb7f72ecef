"""Messages on a stream: four bytes of length, big-endian, then a pickled message."""

import pickle
import socket
import struct
from collections.abc import Iterator
from typing import Any

_LENGTH = struct.Struct("!I")


def to_frame(message: object) -> bytes:
    """Returns the frame of a message."""
    body = pickle.dumps(message, protocol=5)
    return _LENGTH.pack(len(body)) + body


def read_message(connection: socket.socket) -> Any:
    """Returns the next message; blocks until it is there.

    Raises:
        EOFError: The other end was closed.
    """
    (length,) = _LENGTH.unpack(_read_exactly(connection, _LENGTH.size))
    return _from_body(_read_exactly(connection, length))


def _read_exactly(connection: socket.socket, size: int) -> bytearray:
    data = bytearray(size)
    rest = memoryview(data)
    while rest:
        received = connection.recv_into(rest)
        if not received:
            raise EOFError("the other end was closed")
        rest = rest[received:]
    return data


class FrameSplitter:
    """Cuts what arrives on a stream into messages."""

    def __init__(self) -> None:
        self._data = bytearray()

    def feed(self, data: bytes) -> Iterator[Any]:
        """Yields the messages that `data` completes."""
        self._data += data
        while len(self._data) >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._data)
            end = _LENGTH.size + length
            if len(self._data) < end:
                return
            body = bytes(self._data[_LENGTH.size : end])
            del self._data[:end]
            yield _from_body(body)


def _from_body(body: bytes | bytearray) -> Any:
    return pickle.loads(body)  # noqa: S301 - our own process is at the other end
