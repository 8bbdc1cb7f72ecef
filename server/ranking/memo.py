"""Remembering what was computed from an object that never changes: a manifest, a snapshot."""

from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

Key = TypeVar("Key")
Result = TypeVar("Result")


class PerObject(Generic[Key, Result]):
    """Computes once for each object, told apart by identity, and remembers the last `size` objects.

    For objects without a hash of their own, such as protobuf messages. It holds on to the objects it remembers.
    """

    def __init__(self, compute: Callable[[Key], Result], *, size: int = 4) -> None:
        self._compute = compute
        self._size = size
        self._entries: dict[int, tuple[Key, Result]] = {}

    def __call__(self, key: Key) -> Result:
        """Returns what was computed from `key`."""
        entry = self._entries.get(id(key))
        if entry is not None:
            return entry[1]
        result = self._compute(key)
        kept = deque(self._entries.items(), maxlen=self._size - 1)
        self._entries = {**dict(kept), id(key): (key, result)}  # another, for the threads that look into this one
        return result
